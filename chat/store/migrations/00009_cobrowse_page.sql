-- Which connection shows the shared page, at which node, and since when it is gone: a session whose page does not come back ends.
-- +goose Up
ALTER TABLE cobrowses ADD COLUMN page TEXT NOT NULL DEFAULT ''; -- empty: none has sent anything yet
ALTER TABLE cobrowses ADD COLUMN page_node TEXT NOT NULL DEFAULT '';
ALTER TABLE cobrowses ADD COLUMN page_gone BIGINT NOT NULL DEFAULT 0; -- 0: it is there
CREATE INDEX cobrowses_page_gone ON cobrowses (workspace, page_gone) WHERE state = 'running' AND page_gone > 0;

-- +goose Down
DROP INDEX cobrowses_page_gone;
ALTER TABLE cobrowses DROP COLUMN page_gone;
ALTER TABLE cobrowses DROP COLUMN page_node;
ALTER TABLE cobrowses DROP COLUMN page;
