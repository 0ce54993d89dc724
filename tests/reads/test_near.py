"""Where one may book, one's own village first, then its town, then the county."""

from engine.reads import bookings
from engine.store.models import Resource, ResourceOpening


def test_what_is_in_ones_own_village_comes_before_the_towns_and_the_towns_before_others(sqlite, cast):
    with sqlite.unit_of_work() as work:
        for n, unit in enumerate((cast.xunzhong, cast.county, cast.lmt, cast.suyang, cast.xiabi)):
            place = Resource(code=f"p{n}", unit_id=unit.id, kind="window", name="义诊", matter="yuyue")
            work.session.add(place)
            work.session.flush()
            work.session.add(ResourceOpening(resource_id=place.id, rule={"public": 1}))
    with sqlite.reading() as work:
        near = [one.unit for one in bookings.places(work, near=cast.suyang.id)]
        assert near == ["苏洋村", "龙门滩镇", "霞碧村", "德化县", "浔中镇"]
        assert [one.unit for one in bookings.places(work)] == ["德化县", "龙门滩镇", "苏洋村", "霞碧村", "浔中镇"]
