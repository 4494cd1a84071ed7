-- +goose Up
-- When a node that carries calls has last said so. One without calls says nothing.
CREATE TABLE nodes (
  workspace TEXT NOT NULL,
  node      TEXT NOT NULL,
  seen      BIGINT NOT NULL,
  PRIMARY KEY (workspace, node)
);

-- +goose Down
DROP TABLE nodes;
