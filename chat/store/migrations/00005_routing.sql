-- What routing knows beside queues and weights. Rules, settings and limits are JSON of the Go types named beside them.
-- +goose Up
ALTER TABLE workspaces ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';     -- Settings
ALTER TABLE workspaces ADD COLUMN version BIGINT NOT NULL DEFAULT 1;       -- raised by each Apply that changed something
ALTER TABLE queues ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';            -- QueueRules
ALTER TABLE sites ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';             -- SiteRules
ALTER TABLE agents ADD COLUMN profiles TEXT NOT NULL DEFAULT '[]';         -- ids that the agent may choose of; profile is the chosen one
ALTER TABLE agents ADD COLUMN skills TEXT NOT NULL DEFAULT '{}';           -- name: level 1 to 10
ALTER TABLE agents ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';            -- AgentRules
ALTER TABLE agents ADD COLUMN auto_accept BIGINT NOT NULL DEFAULT 0;       -- the agent's own switch
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT '';        -- consult: an enquiry
ALTER TABLE conversations ADD COLUMN parent TEXT NOT NULL DEFAULT '';      -- of an enquiry
ALTER TABLE conversations ADD COLUMN previous TEXT NOT NULL DEFAULT '';    -- the visitor's conversation before this one
ALTER TABLE conversations ADD COLUMN medium TEXT NOT NULL DEFAULT 'chat';  -- asked for: chat, audio, video
ALTER TABLE conversations ADD COLUMN boost BIGINT NOT NULL DEFAULT 0;      -- ms added to the effective wait
ALTER TABLE conversations ADD COLUMN sticky TEXT NOT NULL DEFAULT '';      -- agent to be asked first
ALTER TABLE conversations ADD COLUMN transfers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN missed TEXT NOT NULL DEFAULT '';      -- why a message was left
ALTER TABLE conversations ADD COLUMN reply_due BIGINT NOT NULL DEFAULT 0;  -- of the first reply; 0: not running
ALTER TABLE conversations ADD COLUMN reply_stage BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offers ADD COLUMN kind TEXT NOT NULL DEFAULT 'offer';          -- offer, all, transfer, invite, consult
ALTER TABLE offers ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE offers ADD COLUMN load BIGINT NOT NULL DEFAULT 0;              -- the agent's when it rang
ALTER TABLE offers ADD COLUMN state_before TEXT NOT NULL DEFAULT '';       -- declared when it rang
ALTER TABLE offers ADD COLUMN state_after TEXT NOT NULL DEFAULT '';        -- declared when it was settled
ALTER TABLE offers ADD COLUMN taken_by TEXT NOT NULL DEFAULT '';           -- superseded: name of who took it
ALTER TABLE slots ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';           -- owner, guest, asker
ALTER TABLE slots ADD COLUMN medium TEXT NOT NULL DEFAULT 'chat';          -- the dearest one now
ALTER TABLE slots ADD COLUMN whole BIGINT NOT NULL DEFAULT 25;             -- what it costs while it runs; cost is what it costs now
ALTER TABLE slots ADD COLUMN exceeds BIGINT NOT NULL DEFAULT 0;            -- over the capacity by right
ALTER TABLE slots ADD COLUMN wake_until BIGINT NOT NULL DEFAULT 0;         -- parked and the visitor wrote: waits for its owner until
DROP INDEX offers_open;
CREATE UNIQUE INDEX offers_alone ON offers (conversation) WHERE outcome IS NULL AND kind = 'offer';
CREATE UNIQUE INDEX offers_each ON offers (conversation, agent) WHERE outcome IS NULL;
CREATE INDEX offers_settled ON offers (workspace, agent, settled);
CREATE INDEX conversations_in_queue ON conversations (workspace, queue) WHERE state = 'queued';
CREATE INDEX conversations_running ON conversations (workspace, site) WHERE state = 'active';
CREATE INDEX conversations_unanswered ON conversations (workspace, reply_due) WHERE reply_due > 0;
CREATE INDEX conversations_ended ON conversations (workspace, ended) WHERE ended > 0;
CREATE INDEX conversations_of_parent ON conversations (parent) WHERE parent <> '';

CREATE TABLE calendars (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  key       TEXT NOT NULL,
  zone      TEXT NOT NULL,
  body      TEXT NOT NULL,
  UNIQUE (workspace, key)
);

-- What an agent asked of colleagues: transfer, invite, consult.
CREATE TABLE requests (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  kind         TEXT NOT NULL,
  by_agent     TEXT NOT NULL REFERENCES agents (id),
  to_agent     TEXT NOT NULL,
  to_queue     TEXT NOT NULL,
  note         TEXT NOT NULL,
  consult      TEXT NOT NULL,
  state        TEXT NOT NULL,
  cause        TEXT NOT NULL,
  taker        TEXT NOT NULL,
  asked        BIGINT NOT NULL,
  ended        BIGINT NOT NULL,
  deadline     BIGINT NOT NULL
);
CREATE UNIQUE INDEX requests_open ON requests (conversation, by_agent) WHERE state = 'open';
CREATE INDEX requests_of ON requests (conversation, asked);

CREATE TABLE decisions (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL,
  conversation TEXT NOT NULL,
  queue        TEXT NOT NULL,
  agent        TEXT NOT NULL,
  at           BIGINT NOT NULL,
  body         TEXT NOT NULL
);
CREATE INDEX decisions_of ON decisions (workspace, conversation, at);
CREATE INDEX decisions_at ON decisions (workspace, at);

-- +goose Down
DROP TABLE decisions;
DROP TABLE requests;
DROP TABLE calendars;
DROP INDEX conversations_of_parent;
DROP INDEX conversations_ended;
DROP INDEX conversations_unanswered;
DROP INDEX conversations_running;
DROP INDEX conversations_in_queue;
DROP INDEX offers_settled;
DROP INDEX offers_each;
DROP INDEX offers_alone;
UPDATE offers SET outcome = 'rescinded', cause = 'downgrade' WHERE outcome IS NULL AND kind <> 'offer';
CREATE UNIQUE INDEX offers_open ON offers (conversation) WHERE outcome IS NULL;
ALTER TABLE slots DROP COLUMN wake_until;
ALTER TABLE slots DROP COLUMN exceeds;
ALTER TABLE slots DROP COLUMN whole;
ALTER TABLE slots DROP COLUMN medium;
ALTER TABLE slots DROP COLUMN role;
ALTER TABLE offers DROP COLUMN taken_by;
ALTER TABLE offers DROP COLUMN state_after;
ALTER TABLE offers DROP COLUMN state_before;
ALTER TABLE offers DROP COLUMN load;
ALTER TABLE offers DROP COLUMN request;
ALTER TABLE offers DROP COLUMN kind;
ALTER TABLE conversations DROP COLUMN reply_stage;
ALTER TABLE conversations DROP COLUMN reply_due;
ALTER TABLE conversations DROP COLUMN missed;
ALTER TABLE conversations DROP COLUMN transfers;
ALTER TABLE conversations DROP COLUMN sticky;
ALTER TABLE conversations DROP COLUMN boost;
ALTER TABLE conversations DROP COLUMN medium;
ALTER TABLE conversations DROP COLUMN previous;
ALTER TABLE conversations DROP COLUMN parent;
ALTER TABLE conversations DROP COLUMN kind;
ALTER TABLE agents DROP COLUMN auto_accept;
ALTER TABLE agents DROP COLUMN rules;
ALTER TABLE agents DROP COLUMN skills;
ALTER TABLE agents DROP COLUMN profiles;
ALTER TABLE sites DROP COLUMN rules;
ALTER TABLE queues DROP COLUMN rules;
ALTER TABLE workspaces DROP COLUMN version;
ALTER TABLE workspaces DROP COLUMN settings;
