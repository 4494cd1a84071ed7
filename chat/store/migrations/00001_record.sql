-- The record. The same text runs on SQLite and PostgreSQL: ids and JSON are
-- TEXT, times are BIGINT milliseconds since 1970 UTC, switches BIGINT 0 or 1.
-- +goose Up
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE workspaces (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE queues (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  key       TEXT NOT NULL,
  name      TEXT NOT NULL,
  weight    BIGINT NOT NULL,
  offer_ms  BIGINT NOT NULL,
  wrap_ms   BIGINT NOT NULL,
  position  BIGINT NOT NULL,
  disabled  BIGINT NOT NULL DEFAULT 0,
  UNIQUE (workspace, key)
);

CREATE TABLE sites (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL REFERENCES workspaces (id),
  key          TEXT NOT NULL UNIQUE,
  name         TEXT NOT NULL,
  origins      TEXT NOT NULL,
  queues       TEXT NOT NULL,
  audio        BIGINT NOT NULL,
  video        BIGINT NOT NULL,
  cobrowse     BIGINT NOT NULL,
  host_storage BIGINT NOT NULL,
  identity     TEXT NOT NULL,
  mask         TEXT NOT NULL,
  color        TEXT NOT NULL,
  disabled     BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE profiles (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  name      TEXT NOT NULL,
  queues    TEXT NOT NULL,
  media     TEXT NOT NULL,
  UNIQUE (workspace, name)
);

CREATE TABLE roles (
  id          TEXT PRIMARY KEY,
  workspace   TEXT NOT NULL REFERENCES workspaces (id),
  name        TEXT NOT NULL,
  permissions TEXT NOT NULL,
  UNIQUE (workspace, name)
);

-- load and slots are the sums over the agent's rows in slots, kept in the same transaction.
CREATE TABLE agents (
  id            TEXT PRIMARY KEY,
  workspace     TEXT NOT NULL REFERENCES workspaces (id),
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role          TEXT NOT NULL REFERENCES roles (id),
  profile       TEXT NOT NULL REFERENCES profiles (id),
  max_chats     BIGINT NOT NULL,
  declared      TEXT NOT NULL,
  reason        TEXT NOT NULL,
  declared_at   BIGINT NOT NULL,
  last_accepted BIGINT NOT NULL DEFAULT 0,
  load          BIGINT NOT NULL DEFAULT 0,
  slots         BIGINT NOT NULL DEFAULT 0,
  disabled      BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE agent_states (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  agent     TEXT NOT NULL REFERENCES agents (id),
  declared  TEXT NOT NULL,
  reason    TEXT NOT NULL,
  actor     TEXT NOT NULL,
  cause     TEXT NOT NULL,
  at        BIGINT NOT NULL
);
CREATE INDEX agent_states_of ON agent_states (workspace, agent, at);

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  workspace  TEXT NOT NULL,
  agent      TEXT NOT NULL REFERENCES agents (id),
  created    BIGINT NOT NULL,
  used       BIGINT NOT NULL,
  expires    BIGINT NOT NULL,
  ip         TEXT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE visitors (
  id         TEXT PRIMARY KEY,
  workspace  TEXT NOT NULL,
  site       TEXT NOT NULL REFERENCES sites (id),
  token_hash TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL,
  subject    TEXT NOT NULL,
  created    BIGINT NOT NULL,
  seen       BIGINT NOT NULL
);

CREATE TABLE conversations (
  id                TEXT PRIMARY KEY,
  workspace         TEXT NOT NULL,
  site              TEXT NOT NULL REFERENCES sites (id),
  visitor           TEXT NOT NULL REFERENCES visitors (id),
  queue             TEXT NOT NULL REFERENCES queues (id),
  state             TEXT NOT NULL,
  outcome           TEXT NOT NULL,
  owner             TEXT NOT NULL,
  seq               BIGINT NOT NULL,
  visitor_seq       BIGINT NOT NULL,
  name              TEXT NOT NULL,
  email             TEXT NOT NULL,
  verified          BIGINT NOT NULL,
  form              TEXT NOT NULL,
  first             TEXT NOT NULL,
  asked             BIGINT NOT NULL,
  started           BIGINT NOT NULL,
  ended             BIGINT NOT NULL,
  turn_since        BIGINT NOT NULL,
  rounds            BIGINT NOT NULL,
  visitor_delivered BIGINT NOT NULL,
  visitor_read      BIGINT NOT NULL,
  agent_delivered   BIGINT NOT NULL,
  agent_read        BIGINT NOT NULL
);
CREATE INDEX conversations_of_visitor ON conversations (workspace, visitor, asked);
CREATE INDEX conversations_waiting ON conversations (workspace, asked) WHERE state = 'queued';

-- visitor_seq is NULL for entries that the visitor may never see. It is never
-- above seq, so the visitor's reads go by the same key.
CREATE TABLE entries (
  conversation TEXT NOT NULL REFERENCES conversations (id),
  seq          BIGINT NOT NULL,
  visitor_seq  BIGINT,
  workspace    TEXT NOT NULL,
  id           TEXT NOT NULL,
  kind         TEXT NOT NULL,
  audience     TEXT NOT NULL,
  author_kind  TEXT NOT NULL,
  author_id    TEXT NOT NULL,
  author_name  TEXT NOT NULL,
  actor        TEXT NOT NULL,
  op           TEXT NOT NULL,
  at           BIGINT NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (conversation, seq)
);

-- What each command gave, so that asking again gives the same.
CREATE TABLE ops (
  workspace TEXT NOT NULL,
  actor     TEXT NOT NULL,
  op        TEXT NOT NULL,
  hash      TEXT NOT NULL,
  result    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (workspace, actor, op)
);

CREATE TABLE offers (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  queue        TEXT NOT NULL,
  agent        TEXT NOT NULL REFERENCES agents (id),
  round        BIGINT NOT NULL,
  cost         BIGINT NOT NULL,
  offered      BIGINT NOT NULL,
  deadline     BIGINT NOT NULL,
  outcome      TEXT,
  cause        TEXT NOT NULL,
  settled      BIGINT NOT NULL
);
CREATE UNIQUE INDEX offers_open ON offers (conversation) WHERE outcome IS NULL;
CREATE INDEX offers_ringing ON offers (workspace, agent) WHERE outcome IS NULL;
CREATE INDEX offers_of ON offers (conversation, offered);

CREATE TABLE slots (
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  agent        TEXT NOT NULL REFERENCES agents (id),
  state        TEXT NOT NULL,
  cost         BIGINT NOT NULL CHECK (cost >= 0),
  since        BIGINT NOT NULL,
  started      BIGINT NOT NULL,
  wrap_until   BIGINT NOT NULL,
  PRIMARY KEY (conversation, agent)
);
CREATE INDEX slots_of_agent ON slots (workspace, agent);

CREATE TABLE calls (
  id            TEXT PRIMARY KEY,
  workspace     TEXT NOT NULL,
  conversation  TEXT NOT NULL REFERENCES conversations (id),
  media         TEXT NOT NULL,
  state         TEXT NOT NULL,
  asked_by      TEXT NOT NULL,
  asked_by_name TEXT NOT NULL,
  node          TEXT NOT NULL,
  asked         BIGINT NOT NULL,
  started       BIGINT NOT NULL,
  ended         BIGINT NOT NULL,
  cause         TEXT NOT NULL,
  next_ordinal  BIGINT NOT NULL
);
CREATE UNIQUE INDEX calls_live ON calls (conversation) WHERE state IN ('asked', 'running');
CREATE INDEX calls_of_node ON calls (workspace, node) WHERE state IN ('asked', 'running');

CREATE TABLE call_parties (
  call       TEXT NOT NULL REFERENCES calls (id),
  workspace  TEXT NOT NULL,
  actor      TEXT NOT NULL,
  side       TEXT NOT NULL,
  name       TEXT NOT NULL,
  ordinal    BIGINT NOT NULL,
  connection TEXT NOT NULL,
  here       BIGINT NOT NULL,
  audio      BIGINT NOT NULL,
  video      BIGINT NOT NULL,
  PRIMARY KEY (call, actor),
  UNIQUE (call, ordinal)
);

CREATE TABLE cobrowses (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  agent        TEXT NOT NULL,
  agent_name   TEXT NOT NULL,
  state        TEXT NOT NULL,
  asked        BIGINT NOT NULL,
  started      BIGINT NOT NULL,
  ended        BIGINT NOT NULL,
  cause        TEXT NOT NULL
);
CREATE UNIQUE INDEX cobrowses_live ON cobrowses (conversation) WHERE state IN ('asked', 'running');

-- Who allowed what, when, and until when; the subject is a call's or a co-browse session's id.
CREATE TABLE consents (
  subject      TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  kind         TEXT NOT NULL,
  actor        TEXT NOT NULL,
  allowed      BIGINT NOT NULL,
  revoked      BIGINT NOT NULL
);

-- Raised in each transaction that changes what somebody's view holds.
CREATE TABLE actors (
  actor     TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  version   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE actors;
DROP TABLE consents;
DROP TABLE cobrowses;
DROP TABLE call_parties;
DROP TABLE calls;
DROP TABLE slots;
DROP TABLE offers;
DROP TABLE ops;
DROP TABLE entries;
DROP TABLE conversations;
DROP TABLE visitors;
DROP TABLE sessions;
DROP TABLE agent_states;
DROP TABLE agents;
DROP TABLE roles;
DROP TABLE profiles;
DROP TABLE sites;
DROP TABLE queues;
DROP TABLE workspaces;
DROP TABLE meta;
