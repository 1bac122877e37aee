package rdb_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/rdb"
)

// The driver is the program's: here pgx, of which the program has
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
// storage/open does it all by a URL.
func ExampleOpen() {
	ctx := context.Background()
	db, err := sql.Open("pgx", "postgres://user@db.example.org/studies")
	if err != nil {
		log.Fatal(err)
	}
	st, err := rdb.Open(ctx, db, rdb.PostgreSQL, &rdb.Options{CloseDB: true})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "parabola", Storage: st, LoadIfExists: true})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, &hone.OptimizeOptions{TotalTrials: 100})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(study.BestParams())
}
