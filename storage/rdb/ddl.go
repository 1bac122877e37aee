package rdb

import (
	"database/sql"
	"slices"
	"strings"
)

// library is what version_info says of who made the tables.
const library = "go-hone"

// ddl returns the statements that make the tables, as SQLAlchemy makes them from
// Optuna's models, constraints' names included, for Optuna's migrations refer to
// them. Two things differ: on SQLite keys are never reused, and on MySQL names are
// compared byte by byte.
func (s *Storage) ddl(t *tx) ([]string, error) {
	var out []string
	end := ""
	switch s.d {
	case PostgreSQL:
		out = []string{
			`CREATE TYPE studydirection AS ENUM ('NOT_SET', 'MINIMIZE', 'MAXIMIZE')`,
			`CREATE TYPE trialstate AS ENUM ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING')`,
			`CREATE TYPE trialvaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG')`,
			`CREATE TYPE trialintermediatevaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG', 'NAN')`,
		}
	case MySQL:
		collation, err := bytewise(t)
		if err != nil {
			return nil, err
		}
		end = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=" + collation
	}
	r := strings.NewReplacer(
		"ID ", query{SQLite: "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT ", PostgreSQL: "SERIAL NOT NULL PRIMARY KEY ", MySQL: "INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY "}[s.d],
		"STUDYDIRECTION", query{SQLite: "VARCHAR(8)", PostgreSQL: "studydirection", MySQL: "ENUM('NOT_SET','MINIMIZE','MAXIMIZE')"}[s.d],
		"TRIALSTATE", query{SQLite: "VARCHAR(8)", PostgreSQL: "trialstate", MySQL: "ENUM('RUNNING','COMPLETE','PRUNED','FAIL','WAITING')"}[s.d],
		"TRIALVALUETYPE", query{SQLite: "VARCHAR(7)", PostgreSQL: "trialvaluetype", MySQL: "ENUM('FINITE','INF_POS','INF_NEG')"}[s.d],
		"TRIALINTERMEDIATEVALUETYPE", query{SQLite: "VARCHAR(7)", PostgreSQL: "trialintermediatevaluetype", MySQL: "ENUM('FINITE','INF_POS','INF_NEG','NAN')"}[s.d],
		"DOUBLE", query{SQLite: "FLOAT", PostgreSQL: "FLOAT(53)", MySQL: "FLOAT(53)"}[s.d],
		"TIME", query{SQLite: "DATETIME", PostgreSQL: "TIMESTAMP WITHOUT TIME ZONE", MySQL: "DATETIME"}[s.d],
		"KEYNAME", query{SQLite: `"key"`, PostgreSQL: "key", MySQL: "`key`"}[s.d],
	)
	attributes := func(owner, owners, kind string) string {
		table := owner + "_" + kind + "_attributes"
		return `CREATE TABLE ` + table + ` (` + owner + `_` + kind + `_attribute_id ID , ` + owner + `_id INTEGER, KEYNAME VARCHAR(512), value_json TEXT, UNIQUE (` + owner + `_id, KEYNAME), FOREIGN KEY (` + owner + `_id) REFERENCES ` + owners + ` (` + owner + `_id))`
	}
	for _, table := range []string{
		`CREATE TABLE studies (study_id ID , study_name VARCHAR(512) NOT NULL)`,
		`CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id = 1))`,
		`CREATE TABLE study_directions (study_direction_id ID , direction STUDYDIRECTION NOT NULL, study_id INTEGER NOT NULL, objective INTEGER NOT NULL, UNIQUE (study_id, objective), FOREIGN KEY (study_id) REFERENCES studies (study_id))`,
		attributes("study", "studies", "user"),
		attributes("study", "studies", "system"),
		`CREATE TABLE trials (trial_id ID , number INTEGER, study_id INTEGER, state TRIALSTATE NOT NULL, datetime_start TIME, datetime_complete TIME, FOREIGN KEY (study_id) REFERENCES studies (study_id))`,
		attributes("trial", "trials", "user"),
		attributes("trial", "trials", "system"),
		`CREATE TABLE trial_params (param_id ID , trial_id INTEGER, param_name VARCHAR(512), param_value DOUBLE, distribution_json TEXT, UNIQUE (trial_id, param_name), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))`,
		`CREATE TABLE trial_values (trial_value_id ID , trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value DOUBLE, value_type TRIALVALUETYPE NOT NULL, UNIQUE (trial_id, objective), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))`,
		`CREATE TABLE trial_intermediate_values (trial_intermediate_value_id ID , trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value DOUBLE, intermediate_value_type TRIALINTERMEDIATEVALUETYPE NOT NULL, UNIQUE (trial_id, step), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))`,
		`CREATE TABLE trial_heartbeats (trial_heartbeat_id ID , trial_id INTEGER NOT NULL, heartbeat TIME NOT NULL, UNIQUE (trial_id), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))`,
		`CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))`,
	} {
		out = append(out, r.Replace(table)+end)
	}
	if s.d == MySQL { // where they are not one transaction
		out[0] += " COMMENT='" + unfinished + "'"
	}
	out = append(out,
		`CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)`,
		`CREATE INDEX ix_trials_study_id ON trials (study_id)`,
		`INSERT INTO version_info (version_info_id, schema_version, library_version) VALUES (1, 12, '`+library+`')`,
		`INSERT INTO alembic_version (version_num) VALUES ('`+Revision+`')`,
	)
	if s.d == MySQL {
		out = append(out, `ALTER TABLE studies COMMENT=''`)
	}
	return out, nil
}

// unfinished is the comment of the table studies while MySQL's tables are being
// made: should their maker die, others can tell that they are nobody else's.
const unfinished = "hone: being made"

// dropUnfinished removes MySQL's tables if one of ours died while it made them. It
// reports whether there are none now. The caller holds the lock of their makers.
func dropUnfinished(t *tx) (bool, error) {
	var comment sql.NullString
	_, err := t.row(`SELECT table_comment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'studies'`, nil, &comment)
	if err != nil || comment.String != unfinished {
		return false, err
	}
	var study int64
	if used, err := t.row(`SELECT study_id FROM studies LIMIT 1`, nil, &study); used || err != nil {
		return false, err
	}
	list := slices.Clone(tables)
	slices.Reverse(list)
	_, err = t.exec(`DROP TABLE IF EXISTS ` + strings.Join(list, ", "))
	return err == nil, err
}

// bytewise returns a collation of MySQL or MariaDB that compares bytes, and
// trailing blanks too if there is one.
func bytewise(t *tx) (string, error) {
	best := "utf8mb4_bin"
	err := t.each(`SELECT collation_name FROM information_schema.collations WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')`, nil, func(scan func(...any) error) error {
		return scan(&best)
	})
	return best, err
}
