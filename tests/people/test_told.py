"""Who is told of what a unit has to do."""

from engine.people import holders


def test_designers_and_operators_are_told_of_no_case_of_their_unit(sqlite, cast):
    with sqlite.reading() as work:
        there = holders.of(work, cast.county.id)
        assert there == [cast.users["wu"]], "郑设计 and 冯运维 sit there too, and see no cases"
        assert holders.of(work, cast.county.id, role="operator") == holders.of_role(work, "operator")
        assert holders.of_role(work, "designer") == [cast.users["designer"]]
