-- What the release before migrations left in SQLite: every statement its start ran. Frozen.
CREATE TABLE aside (
    id VARCHAR NOT NULL,
    reader VARCHAR NOT NULL,
    topic VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    error VARCHAR NOT NULL,
    tries INTEGER NOT NULL,
    at DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE audit (
    seq INTEGER NOT NULL,
    event_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    slot_id VARCHAR,
    actor VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    PRIMARY KEY (seq),
    UNIQUE (event_id)
);
CREATE INDEX ix_audit_about ON audit (about);
CREATE INDEX ix_audit_slot_id ON audit (slot_id);
CREATE TABLE booking (
    seq INTEGER NOT NULL,
    slot_id VARCHAR NOT NULL,
    seat INTEGER NOT NULL,
    request_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    start DATETIME NOT NULL,
    minutes INTEGER NOT NULL,
    mode VARCHAR NOT NULL,
    expires_at DATETIME,
    made_at DATETIME NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX booking_expiry ON booking (expires_at) WHERE state = 'active';
CREATE UNIQUE INDEX booking_one_per_request ON booking (request_id) WHERE state = 'active';
CREATE UNIQUE INDEX booking_one_per_seat ON booking (slot_id, seat) WHERE state = 'active';
CREATE TABLE care_request (
    id VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    profession VARCHAR NOT NULL,
    need VARCHAR NOT NULL,
    patient VARCHAR NOT NULL,
    deadline DATETIME NOT NULL,
    entered_at DATETIME NOT NULL,
    entered_by VARCHAR NOT NULL,
    interactive BOOLEAN NOT NULL,
    choice INTEGER NOT NULL,
    pending VARCHAR,
    unmatched BOOLEAN NOT NULL,
    lost VARCHAR NOT NULL,
    slot_id VARCHAR,
    practitioner_id VARCHAR,
    start DATETIME,
    minutes INTEGER,
    mode VARCHAR,
    place VARCHAR,
    reasons VARCHAR NOT NULL,
    others VARCHAR NOT NULL,
    counts VARCHAR NOT NULL,
    moved BOOLEAN NOT NULL,
    escalated_to VARCHAR,
    rank INTEGER NOT NULL,
    acknowledged_at DATETIME,
    closed_at DATETIME,
    PRIMARY KEY (id)
);
CREATE INDEX care_request_board ON care_request (territory, state, deadline);
CREATE INDEX care_request_entered ON care_request (territory, entered_at);
CREATE INDEX care_request_unmatched ON care_request (territory, profession, deadline) WHERE unmatched = 1;
CREATE TABLE delegation (
    delegate_id VARCHAR NOT NULL,
    practitioner_id VARCHAR NOT NULL,
    PRIMARY KEY (delegate_id, practitioner_id)
);
CREATE TABLE inbox (
    reader VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    PRIMARY KEY (reader, event_id)
);
CREATE TABLE known_slot (
    slot_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    details VARCHAR,
    start DATETIME,
    PRIMARY KEY (slot_id)
);
CREATE INDEX ix_known_slot_start ON known_slot (start);
CREATE TABLE message (
    id VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    recipient VARCHAR NOT NULL,
    recipient_id VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    lane INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    "to" VARCHAR,
    actor VARCHAR NOT NULL,
    due_at DATETIME NOT NULL,
    send_after DATETIME NOT NULL,
    valid_until DATETIME NOT NULL,
    claimed_at DATETIME,
    sent_at DATETIME,
    provider_id VARCHAR,
    why VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_message_recipient_id ON message (recipient_id);
CREATE INDEX ix_message_request_id ON message (request_id);
CREATE INDEX ix_message_territory ON message (territory);
CREATE INDEX message_claimed ON message (claimed_at) WHERE state = 'claimed';
CREATE INDEX message_due ON message (lane, send_after) WHERE state = 'due';
CREATE TABLE outbox (
    seq INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    topic VARCHAR NOT NULL,
    body BLOB NOT NULL,
    recorded_at DATETIME NOT NULL,
    published_at DATETIME,
    PRIMARY KEY (seq),
    UNIQUE (id)
);
CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;
CREATE TABLE patient_link (
    request_id VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    slot_id VARCHAR,
    told DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    ended BOOLEAN NOT NULL,
    PRIMARY KEY (request_id),
    UNIQUE (digest)
);
CREATE TABLE practitioner (
    id VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    profession VARCHAR NOT NULL,
    specialty VARCHAR,
    commune VARCHAR NOT NULL,
    lat FLOAT,
    lon FLOAT,
    address VARCHAR NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_practitioner_territory ON practitioner (territory);
CREATE TABLE receipt (
    order_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    facts BLOB NOT NULL,
    PRIMARY KEY (order_id)
);
CREATE TABLE request_timer (
    request_id VARCHAR NOT NULL,
    wake VARCHAR NOT NULL,
    due DATETIME NOT NULL,
    PRIMARY KEY (request_id, wake)
);
CREATE INDEX ix_request_timer_due ON request_timer (due);
CREATE TABLE roster (
    territory VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    person VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    PRIMARY KEY (territory, rank)
);
CREATE TABLE slot (
    id VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    practitioner_id VARCHAR NOT NULL,
    profession VARCHAR NOT NULL,
    commune VARCHAR NOT NULL,
    lat FLOAT,
    lon FLOAT,
    start DATETIME NOT NULL,
    ends DATETIME NOT NULL,
    minutes INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    modes VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX slot_agenda ON slot (practitioner_id, start);
CREATE TABLE web_session (
    id VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    territory VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    created DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_web_session_created ON web_session (created);
CREATE TRIGGER IF NOT EXISTS slot_overlap BEFORE INSERT ON slot WHEN NEW.status = 'open' AND EXISTS (
    SELECT 1 FROM slot WHERE practitioner_id = NEW.practitioner_id AND status = 'open'
    AND start < NEW.ends AND ends > NEW.start)
BEGIN SELECT RAISE(ABORT, 'slot overlaps another of the same practitioner'); END;
