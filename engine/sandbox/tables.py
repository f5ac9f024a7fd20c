"""The tables of the sandbox's SQLite file, and what a flow's state is."""

from __future__ import annotations

# Flow columns live in one place because the delayed copies of the search (visibility.py) have
# the same ones.
FLOW_COLUMNS = """
    title TEXT, subtitle TEXT, type TEXT NOT NULL, code TEXT, term TEXT,
    examination_type TEXT NOT NULL, purpose TEXT NOT NULL, created INTEGER NOT NULL,
    activated INTEGER NOT NULL, archived INTEGER NOT NULL, deleted INTEGER NOT NULL,
    participation_start INTEGER, participation_end INTEGER,
    marking_start INTEGER, marking_end INTEGER,
    description TEXT, description_updated INTEGER, timebox_enabled INTEGER NOT NULL,
    timebox_minutes INTEGER, grading_scale INTEGER, anonymisation TEXT,
    allocation_type TEXT NOT NULL, reviewer_approval INTEGER NOT NULL, ects TEXT,
    sis_allocation INTEGER NOT NULL, item_based_marking INTEGER NOT NULL, main_flow INTEGER,
    is_main INTEGER, reassessment_of INTEGER,
    assignments TEXT NOT NULL, content TEXT NOT NULL
"""

# The state of a flow f at :now. Archiving comes one month after the end of marking.
# Source: WISEflow OpenAPI, flow-state; WISEflow help, "Archive and delete assessments".
STATE = """CASE
    WHEN f.archived THEN 5
    WHEN NOT f.activated THEN 0
    WHEN coalesce(f.participation_start, :now + 1) > :now THEN 1
    WHEN coalesce(f.participation_end, :now + 1) > :now THEN 2
    WHEN coalesce(f.marking_end, :now + 1) > :now THEN 3
    WHEN CAST(strftime('%s', f.marking_end, 'unixepoch', '+1 month') AS INTEGER) > :now THEN 4
    ELSE 5 END"""

# Ids of different tables start far apart, so that a client which mixes them up finds nothing.
FIRST_IDS = {
    "users": 400_000,
    "emails": 9_000_000,
    "user_roles": 9_400_000,
    "user_data": 9_700_000,
    "flows": 7_464_000,
    "managers": 2_100_000,
    "authors": 2_300_000,
    "assessors": 2_500_000,
    "reviewers": 2_700_000,
    "invigilators": 2_900_000,
    "participants": 31_000_000,
    "assessor_groups": 610_000,
    "external_sources": 810_000,
    "sources": 820_000,
    "submissions": 52_000_000,
    "grades": 72_000_000,
    "rooms": 1_100,
    "room_bookings": 15_000,
    "periods": 640_000,
    "slots": 680_000,
    "webhooks": 300,
}

SEAT_TABLES = ("managers", "authors", "assessors", "reviewers", "invigilators", "participants")

_SEAT = "id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL, user_id INTEGER NOT NULL"

SCHEMA = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (collection TEXT, key TEXT, body TEXT NOT NULL,
    PRIMARY KEY (collection, key)) WITHOUT ROWID;
CREATE TABLE tokens (token TEXT PRIMARY KEY, client TEXT NOT NULL, expires INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE messages (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, flow_id INTEGER,
    user_id INTEGER, sent INTEGER NOT NULL);

CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT NOT NULL,
    last_name TEXT NOT NULL, phone TEXT NOT NULL, language TEXT NOT NULL,
    deactivated INTEGER NOT NULL, created INTEGER NOT NULL, last_login INTEGER NOT NULL);
CREATE TABLE emails (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL,
    email TEXT NOT NULL, folded TEXT NOT NULL, is_primary INTEGER NOT NULL,
    external INTEGER NOT NULL, activated INTEGER NOT NULL, notifications INTEGER NOT NULL);
CREATE INDEX emails_user ON emails (user_id);
CREATE INDEX emails_folded ON emails (folded);
CREATE TABLE user_roles (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL,
    role_id INTEGER NOT NULL, UNIQUE (user_id, role_id));
CREATE TABLE user_data (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (user_id, type_id, value));
CREATE INDEX user_data_value ON user_data (type_id, value);

CREATE TABLE flows (id INTEGER PRIMARY KEY AUTOINCREMENT, {FLOW_COLUMNS});
CREATE INDEX flows_subtitle ON flows (subtitle);
CREATE TABLE external_sources (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    reference TEXT NOT NULL, description TEXT, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, requested INTEGER, synced INTEGER, state TEXT NOT NULL,
    UNIQUE (flow_id, reference));
CREATE INDEX external_sources_reference ON external_sources (reference);
CREATE TABLE sources (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL, code TEXT NOT NULL, integration TEXT NOT NULL);
CREATE INDEX sources_flow ON sources (flow_id);
CREATE TABLE flow_assessor_types (flow_id INTEGER, type_id INTEGER, instruction TEXT,
    position INTEGER NOT NULL, PRIMARY KEY (flow_id, type_id)) WITHOUT ROWID;

CREATE TABLE managers ({_SEAT}, creator INTEGER NOT NULL, UNIQUE (flow_id, user_id));
CREATE TABLE authors ({_SEAT}, UNIQUE (flow_id, user_id));
CREATE TABLE assessors ({_SEAT}, type_id INTEGER, UNIQUE (flow_id, user_id));
CREATE TABLE reviewers ({_SEAT}, to_all INTEGER NOT NULL, sees INTEGER NOT NULL,
    decides INTEGER NOT NULL, UNIQUE (flow_id, user_id));
CREATE TABLE invigilators ({_SEAT}, head INTEGER NOT NULL, UNIQUE (flow_id, user_id));
CREATE TABLE participants ({_SEAT}, number INTEGER NOT NULL, activated INTEGER NOT NULL,
    exam_id TEXT, participation_start INTEGER, participation_end INTEGER, marking_end INTEGER,
    timebox_enabled INTEGER, timebox_minutes INTEGER, sis INTEGER NOT NULL,
    UNIQUE (flow_id, user_id));
CREATE INDEX managers_user ON managers (user_id);
CREATE INDEX authors_user ON authors (user_id);
CREATE INDEX assessors_user ON assessors (user_id);
CREATE INDEX reviewers_user ON reviewers (user_id);
CREATE INDEX invigilators_user ON invigilators (user_id);
CREATE INDEX participants_user ON participants (user_id);
CREATE INDEX participants_number ON participants (flow_id, number);

CREATE TABLE assessor_allocations (assessor_id INTEGER, participant_id INTEGER,
    PRIMARY KEY (assessor_id, participant_id)) WITHOUT ROWID;
CREATE INDEX assessor_allocations_participant ON assessor_allocations (participant_id);
CREATE TABLE reviewer_allocations (reviewer_id INTEGER, participant_id INTEGER,
    PRIMARY KEY (reviewer_id, participant_id)) WITHOUT ROWID;
CREATE INDEX reviewer_allocations_participant ON reviewer_allocations (participant_id);
CREATE TABLE assessor_groups (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    title TEXT NOT NULL, external_id TEXT);
CREATE INDEX assessor_groups_flow ON assessor_groups (flow_id);
CREATE TABLE group_assessors (group_id INTEGER, assessor_id INTEGER,
    PRIMARY KEY (group_id, assessor_id)) WITHOUT ROWID;
CREATE TABLE group_participants (group_id INTEGER, participant_id INTEGER,
    PRIMARY KEY (group_id, participant_id)) WITHOUT ROWID;
CREATE INDEX group_participants_participant ON group_participants (participant_id);

CREATE TABLE submissions (id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant_id INTEGER NOT NULL UNIQUE, handed_in INTEGER NOT NULL, blank INTEGER NOT NULL,
    handed_in_at INTEGER, ip TEXT);
CREATE TABLE grades (id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant_id INTEGER NOT NULL UNIQUE, grade TEXT, graded_at INTEGER, admin_grade TEXT,
    admin_graded_at INTEGER, export_state INTEGER NOT NULL, exported_at INTEGER,
    export_message TEXT);
CREATE TABLE audit_events (id INTEGER PRIMARY KEY AUTOINCREMENT, participant_id INTEGER NOT NULL,
    type TEXT NOT NULL, at INTEGER NOT NULL, by_user INTEGER, assessor_user INTEGER, grade TEXT,
    scale INTEGER, note TEXT);
CREATE INDEX audit_events_participant ON audit_events (participant_id, at);

CREATE TABLE rooms (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE room_bookings (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    room_id INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX room_bookings_flow ON room_bookings (flow_id);
CREATE INDEX room_bookings_room ON room_bookings (room_id);
CREATE TABLE booking_participants (booking_id INTEGER, participant_id INTEGER,
    PRIMARY KEY (booking_id, participant_id)) WITHOUT ROWID;
CREATE TABLE periods (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    position INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX periods_flow ON periods (flow_id);
CREATE TABLE slots (id INTEGER PRIMARY KEY AUTOINCREMENT, period_id INTEGER NOT NULL,
    participant_id INTEGER, position INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX slots_period ON slots (period_id);
CREATE INDEX slots_participant ON slots (participant_id);
CREATE TABLE webhooks (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,
    url TEXT NOT NULL, events TEXT NOT NULL, active INTEGER NOT NULL, secret TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, sequence INTEGER NOT NULL);
CREATE TABLE deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id INTEGER NOT NULL,
    event TEXT NOT NULL, body TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL,
    state TEXT NOT NULL);
CREATE INDEX deliveries_state ON deliveries (state, due);
CREATE TABLE announced (flow_id INTEGER PRIMARY KEY, state INTEGER NOT NULL);

CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, flow_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL, context TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
    payload TEXT NOT NULL);
CREATE INDEX events_flow ON events (flow_id, at);
CREATE INDEX events_at ON events (at);

CREATE TABLE seen_flows (id INTEGER PRIMARY KEY, {FLOW_COLUMNS});
CREATE TABLE seen_references (flow_id INTEGER, reference TEXT,
    PRIMARY KEY (flow_id, reference)) WITHOUT ROWID;
CREATE TABLE pending_flows (due REAL NOT NULL, id INTEGER, {FLOW_COLUMNS});
CREATE TABLE pending_references (due REAL NOT NULL, flow_id INTEGER, reference TEXT);
"""
