-- Ops are UUIDs that begin with the time at which they were made. With the op
-- first, and the rows in the key's own tree, new rows lie side by side instead
-- of each near its actor's last one: a commit writes a page or two of them.
-- +goose Up
CREATE TABLE ops_by_time (
  workspace TEXT NOT NULL,
  actor     TEXT NOT NULL,
  op        TEXT NOT NULL,
  hash      TEXT NOT NULL,
  result    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (op, actor, workspace)
) WITHOUT ROWID;
INSERT INTO ops_by_time (workspace, actor, op, hash, result, at) SELECT workspace, actor, op, hash, result, at FROM ops;
DROP TABLE ops;
ALTER TABLE ops_by_time RENAME TO ops;

-- +goose Down
CREATE TABLE ops_by_actor (
  workspace TEXT NOT NULL,
  actor     TEXT NOT NULL,
  op        TEXT NOT NULL,
  hash      TEXT NOT NULL,
  result    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (workspace, actor, op)
);
INSERT INTO ops_by_actor (workspace, actor, op, hash, result, at) SELECT workspace, actor, op, hash, result, at FROM ops;
DROP TABLE ops;
ALTER TABLE ops_by_actor RENAME TO ops;
