package store

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

func scanPlan(row scanner) (line string, err error) {
	if rows, ok := row.(*sql.Rows); ok {
		if columns, err := rows.Columns(); err == nil && len(columns) == 4 { // SQLite: id, parent, notused, detail
			var n int64
			err = row.Scan(&n, &n, &n, &line)
			return line, err
		}
	}
	return scanString(row)
}

func TestSeqsAreTranslatedByTheKey(t *testing.T) { // G12
	for name, prefix := range map[string]string{"sqlite": "EXPLAIN QUERY PLAN ", "postgres": "EXPLAIN "} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir()}
			if name == "postgres" {
				o.URL = testbed.Database(t)
			}
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			for _, query := range []string{seqAt, visitorSeqAt} {
				for _, part := range []string{"SELECT seq", "SELECT visitor_seq"} {
					query = strings.Replace(query, part, prefix+part, 1)
				}
				lines, err := all(context.Background(), s.db.reader(), scanPlan, query, "w", "c", 7)
				if err != nil {
					t.Fatal(err)
				}
				plan := strings.ToLower(strings.Join(lines, "\n"))
				if !strings.Contains(plan, "seq>") && !strings.Contains(plan, "seq<") && !strings.Contains(plan, "index cond") || strings.Contains(plan, "temp b-tree") || strings.Contains(plan, "sort") {
					t.Errorf("%s\nis planned as\n%s", query, plan)
				}
			}
		})
	}
}
