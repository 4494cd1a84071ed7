-- When a conversation came back to its queue: its place counts from the first enqueue, the wait that is shown from the last.
-- +goose Up
ALTER TABLE conversations ADD COLUMN requeued BIGINT NOT NULL DEFAULT 0; -- 0: it never did

-- +goose Down
ALTER TABLE conversations DROP COLUMN requeued;
