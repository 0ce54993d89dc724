"""What stands in clear in the database: every column of text, JSON or bytes that is not sealed is named here with the
reason why whoever takes the file may read it. A new column fails until somebody says it, or seals it."""

from __future__ import annotations

from sqlalchemy import JSON, LargeBinary, String, Text

from engine.store import models  # noqa: F401 - every table
from engine.store.models.base import Base

#: Reason -> the columns it holds for, `table: columns`.
WHY = {
    "a code, a state or a kind: a word of the program's own lists": """
        appointment: state pool channel kind by_voice;
        awaited: kind;
        ballot: state;
        ballot_mark: way;
        board_entry: kind state;
        board_follow: kind;
        bond: state how ended_how;
        bond_code: purpose;
        booking_place: came_how left_how;
        booking_trouble: what;
        case: status channel colour;
        data_request: kind state;
        document: state;
        escalation: step did;
        event: kind;
        extension_request: approver state;
        for_each: state;
        for_each_item: state;
        handover: thing_kind;
        handover_link: proof photo state;
        handover_sign: side proof;
        handover_trouble: kind;
        incident: code;
        job: kind state;
        key_turn: stage place after;
        loan: ended_how;
        loan_hold: state;
        look_grant: purpose state;
        match_pair: asked_by state absent arrived_by late;
        match_side: side state channel;
        meeting: state;
        notice: channel kind state;
        post: role;
        register_change: what;
        resource: kind;
        schedule_run: state;
        session: how;
        sign_in_step: kind;
        slot: kind;
        standing: state;
        standing_day: state;
        studio_change: kind;
        moved_case: state;
        studio_draft: state;
        studio_release: state;
        version_move: state;
        subscription: kind;
        task: kind state ended;
        ticket: letter channel state;
        tie: kind;
        timer: kind;
        unit: kind centre;
        user: kind locale;
        waiting: state;
        work_order: left_out""",
    "a number or a key that the hall makes: it says nothing of a person": """
        appointment: number code;
        awaited: key;
        ballot: code;
        board_entry: key number;
        board_objection: number;
        bond: scope;
        case: number parent_key subscriptions past_offices handled_by apart;
        case_join: key;
        counter: name;
        data_request: open_key;
        document: key number check_code;
        draft: about;
        escalation: key;
        for_each: effect;
        for_each_item: key;
        handover: item holder_key;
        handover_link: tag giver_key receiver_key files;
        handover_trouble: files;
        incident: key;
        job: key worker;
        listed: key cell;
        match_pair: number;
        match_side: number;
        notice: key;
        schedule: key;
        subscription: key;
        task: key apart;
        ticket: number code;
        timer: key""",
    "a name of a declaration or of an element of a diagram": """
        appointment: matter item;
        awaited: element;
        ballot: key effect;
        ballot_body: name;
        board_entry: board effect review_post;
        bond: kind lets matters offers;
        bond_code: kind;
        booking_part: part;
        booking_place: role;
        case: matter matter_name stage outcome flags;
        case_party: role side;
        consent: purpose;
        decision_hit: element decision;
        document: kind title template;
        file: field;
        for_each: element name does;
        handover: kind name name_en holder_end;
        handover_link: effect giver_end receiver_end post;
        incident: element name;
        leave: matters;
        loan: loans post;
        loan_hold: loans post;
        match_apart: match;
        match_side: match;
        matter_version: matter code name;
        online_block: offer;
        rating: step tags;
        register_entry: register state;
        register_index: field register;
        resource: matter items prefix offer;
        reveal: field;
        schedule: matter name title;
        side_clock: regime;
        slot_place: role title title_en who who_says who_says_en;
        standing: at weekdays role;
        moved_case: told;
        studio_draft: matter;
        studio_release: matter;
        studio_replay: case_ids found failed;
        version_move: matter chosen;
        subscription: element name;
        task: element name form scope headers properties;
        ticket: queue matter;
        ticket_line: queue called;
        timer: element;
        waiting: item role""",
    "ids of accounts, units and papers: who they are stands sealed elsewhere": """
        account_merge: moved;
        bond: subject_ref holder_ref entries;
        bond_code: subject_ref;
        case: party_ids chosen;
        consent: facts;
        escalation: facts;
        event: facts;
        job: payload;
        loan: who_ref;
        loan_hold: who_ref;
        task: candidates effects instead;
        team: leader_ref""",
    "a blind index (HMAC): it tells that two are the same, and not who": """
        appointment: person_index day_key;
        ballot_voter: name_index person_index phone_index id_index household_index;
        bond: subject_name_index subject_phone_index subject_id_index holder_name_index holder_phone_index
            holder_id_index;
        bond_code: phone_index;
        booking_place: person_index;
        case: name_index surname_index phone_index id_index;
        case_party: name_index phone_index id_index address_index;
        key_move: old new;
        match_apart: by_index of_index;
        match_side: person_index day_key;
        one_time_code: phone_index;
        online_block: person_index;
        register_entry: key;
        register_index: value;
        standing: person_index;
        ticket: live_key;
        tie: name_index phone_index id_index address_index;
        user: phone_index id_index;
        waiting: person_index""",
    "a hash, a signature, or what is sealed by a key of its own": """
        api_token: token_hash;
        ballot: version_hash;
        ballot_box: content;
        ballot_key: public;
        bond_code: code_hash;
        case: version_hash events_head;
        document: version_hash sha256;
        event: chain previous hash proof;
        file: sha256;
        handover_link: hash;
        matter_verdict: key version;
        matter_version: hash;
        missed: key askers;
        one_time_code: ask code_hash;
        passkey: credential public_key;
        recovery_code: code_hash;
        reset_link: token_hash;
        seal: previous hash public signature;
        session: token_hash;
        sign_in_step: token_hash;
        moved_case: from_hash after;
        studio_draft: based_on published;
        studio_release: version before;
        studio_replay: before;
        user: password_hash sso_subject;
        version_move: to_hash""",
    "public: the hall's guide, its lists, what was published or is said to everybody": """
        appointment: team price chosen round;
        ballot: name name_en question words options settings result;
        board_entry: title words facts shown change;
        bond: team;
        calendar_file: text source;
        consent: text;
        hall: code name name_en address hours;
        hall_window: code name name_en;
        loan: title;
        loan_hold: title;
        matter_verdict: matter found;
        case: limits_before;
        matter_version: content note;
        online_block: reason_zh reason_en;
        post: code name name_en;
        resource: code name name_en policy about closed_reason;
        resource_closure: reason;
        resource_opening: rule;
        schedule: rule;
        studio_change: path content words;
        studio_draft: title;
        studio_editor: path;
        studio_file: path content;
        studio_release: content note why told told_en;
        studio_replay: content;
        team: name;
        unit: code name name_en number word path phone address seal_name hours""",
    "what somebody chose for a program or a machine": """
        api_token: name;
        beat: machine boot_id calendar;
        case: request_key;
        file: type;
        passkey: transports;
        session: device""",
    "what a diagram correlates by: a number of a case or of an offer": "subscription: correlation",
    "the name by which the hall's people sign in": "user: login",
    "a limit with an account's id, an address of the network, or a blind telephone": "throttle: key",
}


def told() -> dict[str, str]:
    found: dict[str, str] = {}
    for why, columns in WHY.items():
        for part in columns.split(";"):
            table, _colon, names = part.strip().partition(":")
            for name in names.split():
                assert f"{table}.{name}" not in found, f"{table}.{name} is told twice"
                found[f"{table}.{name}"] = why
    return found


def clear() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if type(column.type) in (String, Text, JSON, LargeBinary)
    }


def test_every_column_in_clear_says_why_it_may_be():
    assert clear() - set(told()) == set(), "seal it (Sealed, SealedWords, SealedJson), or say here why it may be clear"
    assert set(told()) - clear() == set(), "these are sealed now, or gone: take them off the list"


def test_no_column_of_words_by_people_is_in_clear():
    """By their names: a reason, a note, an answer, what was asked. Those told here are the hall's own or public."""
    words = ("reason", "note", "comment", "answer", "purpose", "opinion", "said", "error", "phone", "address", "asked")
    found = {
        name for name in clear() if any(word in name.partition(".")[2] for word in words) and not name.endswith("index")
    }
    assert found == {
        "consent.purpose",  # the matter
        "bond_code.purpose",  # bind, fetch
        "look_grant.purpose",  # one of the list
        "hall.address",
        "match_pair.asked_by",  # which side
        "matter_version.note",  # of who published it
        "online_block.reason_en",  # the hall's own sentence
        "online_block.reason_zh",
        "studio_release.note",  # of who asked for it to be published
        "resource.closed_reason",  # as the public is told
        "resource_closure.reason",
        "unit.address",
        "unit.phone",
    }
