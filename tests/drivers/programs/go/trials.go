// The program of go-sql-driver: it does all trials and prints what each showed, as JSON. Its argument is the driver's
// key: go-mysql sends parameters by prepared statements, go-mysql-interpolated puts them into the text.
//
// The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
// with its type. What a driver does not have it leaves out.
package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/ioutil"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
)

type answer = []interface{}

var how struct {
	Host, User, Password, Database, Ca, Material string
	Port                                         int
	Only                                         []string
}

var material struct {
	Types, Strings, Unicode, Warnings, Errors, Session []string
	SelectTypes                                        string `json:"select_types"`
	Computed, Many, Sleep                              string
	Integers                                           []int64
	BlobSizes                                          []int `json:"blob_sizes"`
}

// Told by the build; the driver itself does not know it.
var version string

var interpolated bool

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func plain(value interface{}) string {
	var text string
	switch known := value.(type) {
	case []byte:
		text = fmt.Sprintf("%q", known)
	case time.Time:
		text = known.Format(time.RFC3339Nano)
	default:
		text = fmt.Sprintf("%v", known)
	}
	if len(text) > 200 {
		text = fmt.Sprintf("%d %x", len(text), sha1.Sum([]byte(text)))
	}
	return fmt.Sprintf("%T %s", value, text)
}

// One connection, not a pool of them: a session is part of what is tried.
func connect(options ...string) *sql.Conn {
	dsn := fmt.Sprintf("%s:%s@tcp(%s:%d)/%s?charset=utf8mb4&maxAllowedPacket=0", how.User, how.Password, how.Host, how.Port, how.Database)
	if interpolated {
		dsn += "&interpolateParams=true"
	}
	for _, option := range options {
		dsn += "&" + option
	}
	db, err := sql.Open("mysql", dsn)
	check(err)
	link, err := db.Conn(context.Background())
	check(err)
	return link
}

// What database/sql offers of a connection and of a transaction.
type asking interface {
	QueryContext(ctx context.Context, query string, args ...interface{}) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...interface{}) (sql.Result, error)
}

func rowsOf(rows *sql.Rows) (answer, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	seen := answer{}
	for rows.Next() {
		values, places := make([]interface{}, len(columns)), make([]interface{}, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = plain(value)
		}
		seen = append(seen, row)
	}
	return seen, rows.Err()
}

func query(link asking, text string, values ...interface{}) (answer, error) {
	rows, err := link.QueryContext(context.Background(), text, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rowsOf(rows)
}

func ask(link asking, text string, values ...interface{}) answer {
	seen, err := query(link, text, values...)
	check(err)
	return seen
}

func do(link asking, text string, values ...interface{}) answer {
	result, err := link.ExecContext(context.Background(), text, values...)
	if err != nil {
		return failure(err)
	}
	affected, _ := result.RowsAffected()
	return answer{"affected", affected}
}

// What the server said, or else the kind of the error and its text.
func failure(err error) answer {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return answer{refused.Number, refused.Message}
	}
	return answer{fmt.Sprintf("%T", err), err.Error()}
}

func attempted(link asking, text string, values ...interface{}) answer {
	seen, err := query(link, text, values...)
	if err != nil {
		return failure(err)
	}
	return seen
}

func described(link asking, text string) answer {
	rows, err := link.QueryContext(context.Background(), text)
	check(err)
	defer rows.Close()
	types, err := rows.ColumnTypes()
	check(err)
	seen := answer{}
	for _, column := range types {
		length, hasLength := column.Length()
		nullable, knowsNull := column.Nullable()
		precision, scale, hasSize := column.DecimalSize()
		seen = append(seen, answer{column.Name(), column.DatabaseTypeName(), fmt.Sprint(column.ScanType()),
			length, hasLength, nullable, knowsNull, precision, scale, hasSize})
	}
	return seen
}

func types() answer {
	link := connect()
	do(link, "DELETE FROM types")
	seen := answer{}
	for _, text := range material.Types {
		seen = append(seen, do(link, text))
	}
	return append(seen, ask(link, material.SelectTypes), described(link, material.SelectTypes), ask(link, material.Computed),
		ask(connect("parseTime=true"), "SELECT da, dt, ts FROM types WHERE id > 1 ORDER BY id"))
}

func prepared() answer {
	link := connect()
	all, err := link.PrepareContext(context.Background(), material.SelectTypes)
	check(err)
	rows, err := all.Query()
	check(err)
	found, err := rowsOf(rows)
	check(err)
	seen := answer{found}
	one, err := link.PrepareContext(context.Background(), "SELECT id, v FROM types WHERE id = ?")
	check(err)
	for _, id := range []interface{}{1, "2", nil, 2.0} {
		rows, err := one.Query(id)
		check(err)
		found, err := rowsOf(rows)
		check(err)
		seen = append(seen, found)
	}
	check(one.Close())
	return append(seen, ask(link, "SELECT 'next'"))
}

func allBytes(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

func parameters() answer {
	link := connect()
	do(link, "DELETE FROM parameters")
	rows := []answer{
		{uint64(1<<63 - 1), 1.5, "-12345678901234567890.0123456789", nil, allBytes(256), nil, nil},
		{true, -1e300, "0", "x", []byte{}, time.Date(2001, 2, 3, 4, 5, 6, 789000000, time.UTC), "-20:00:05"},
		{int8(-5), 5e-324, "1e5", "y", []byte{0}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "00:00:01"},
		{uint64(1 << 63), float32(0.5), nil, "z", nil, nil, nil},
	}
	for _, number := range material.Integers {
		rows = append(rows, answer{number, nil, nil, nil, nil, nil, nil})
	}
	for _, text := range material.Strings {
		rows = append(rows, answer{nil, nil, nil, text, []byte(text), nil, nil})
	}
	seen := answer{}
	for _, row := range rows {
		seen = append(seen, do(link, "INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES (?, ?, ?, ?, ?, ?, ?)", row...))
	}
	return append(seen, ask(link, "SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id"))
}

func nulls() answer {
	link := connect()
	return answer{ask(link, "SELECT ? IS NULL, ? <=> NULL, COALESCE(?, 'none')", nil, nil, nil),
		ask(link, "SELECT * FROM types WHERE id = ?", 3)}
}

func unicode() answer {
	link := connect()
	do(link, "DELETE FROM texts")
	for number, text := range material.Unicode {
		do(link, "INSERT INTO texts (t, `ключ`) VALUES (?, ?)", text, number)
	}
	const all = "SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id"
	seen := answer{ask(link, all), described(link, all)}
	for _, text := range material.Unicode {
		seen = append(seen, ask(link, "SELECT COUNT(*) FROM texts WHERE t = ?", text))
	}
	return seen
}

func blobs() answer {
	link := connect()
	do(link, "DELETE FROM blobs")
	seen := answer{}
	for number, size := range material.BlobSizes {
		data := allBytes(size)
		seen = append(seen, do(link, "INSERT INTO blobs VALUES (?, ?)", number, data))
		var got []byte
		var length int
		var digest string
		row := link.QueryRowContext(context.Background(), "SELECT b, LENGTH(b), SHA2(b, 256) FROM blobs WHERE id = ?", number)
		check(row.Scan(&got, &length, &digest))
		seen = append(seen, answer{bytes.Equal(got, data), length, digest})
	}
	return seen
}

func transactions() answer {
	link, other := connect(), connect()
	seen := answer{}
	count := func() { seen = append(seen, ask(other, "SELECT COUNT(*) FROM notes WHERE t = 'tx'")) }
	const insert = "INSERT INTO notes (t) VALUES ('tx')"
	do(link, "DELETE FROM notes")
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		tx, err := link.BeginTx(context.Background(), nil)
		check(err)
		do(tx, insert)
		count()
		check(end(tx))
		count()
	}
	for _, how := range []sql.TxOptions{{ReadOnly: true}, {Isolation: sql.LevelSerializable}, {Isolation: sql.LevelReadCommitted}} {
		tx, err := link.BeginTx(context.Background(), &how)
		check(err)
		seen = append(seen, do(tx, insert))
		check(tx.Rollback())
	}
	_, err := link.BeginTx(context.Background(), nil)
	check(err)
	do(link, insert)
	check(link.Raw(func(driver interface{}) error { return driver.(interface{ Close() error }).Close() }))
	count()
	return seen
}

func warnings() answer {
	link := connect()
	seen := answer{}
	for _, text := range material.Warnings {
		seen = append(seen, attempted(link, text), ask(link, "SHOW WARNINGS"))
	}
	return seen
}

func mistakes() answer {
	link := connect()
	seen := answer{}
	for _, text := range material.Errors {
		seen = append(seen, attempted(link, text))
	}
	return append(seen, attempted(link, "SELECT * FROM nowhere WHERE ? = 1", 1), ask(link, "SELECT 'still here'"))
}

func results() answer {
	every := func(link asking, text string, values ...interface{}) answer {
		rows, err := link.QueryContext(context.Background(), text, values...)
		if err != nil {
			return failure(err)
		}
		defer rows.Close()
		seen := answer{}
		for more := true; more; more = rows.NextResultSet() {
			found, err := rowsOf(rows)
			check(err)
			seen = append(seen, found)
		}
		return append(seen, fmt.Sprint(rows.Err()))
	}
	link := connect()
	seen := answer{every(link, "CALL two_results(5)"), every(link, "CALL two_results(?)", 6)}
	do(link, "SET @b = 40")
	seen = append(seen, do(link, "CALL out_parameters(2, @b, @c)"), ask(link, "SELECT @b, @c"))
	seen = append(seen, attempted(link, "SELECT 1; SELECT 2"))
	multi := connect("multiStatements=true")
	seen = append(seen, every(multi, "SELECT 1; SELECT 2, 'x'; SELECT 3 FROM notes WHERE FALSE"))
	seen = append(seen, do(multi, "SET @m = 2; UPDATE types SET v = v; INSERT INTO notes (t) VALUES ('mu'), ('lt')"))
	return append(seen, ask(multi, "SELECT @m + 1"))
}

func cursors() answer {
	link := connect()
	rows, err := link.QueryContext(context.Background(), material.Many)
	check(err)
	var number int
	var text string
	for count := 0; count < 10; count++ {
		rows.Next()
		check(rows.Scan(&number, &text))
	}
	check(rows.Close())
	return answer{number, text, ask(link, "SELECT 'next'"), len(ask(link, material.Many))}
}

func session() answer {
	link := connect("time_zone=%27%2B02%3A00%27")
	seen := answer{ask(link, "SELECT @@time_zone")}
	for _, text := range material.Session {
		seen = append(seen, attempted(link, text))
	}
	result, err := link.ExecContext(context.Background(), "INSERT INTO notes (t) VALUES ('id')")
	check(err)
	id, err := result.LastInsertId()
	check(err)
	found := connect("clientFoundRows=true")
	do(found, "UPDATE notes SET t = 'id' WHERE t = 'id'")
	return append(seen, id > 0, do(found, "UPDATE notes SET t = 'id' WHERE t = 'id' LIMIT 1"), fmt.Sprint(link.PingContext(context.Background())))
}

func cancel() answer {
	link, other := connect(), connect()
	var id int
	check(link.QueryRowContext(context.Background(), "SELECT CONNECTION_ID()").Scan(&id))
	over := make(chan answer)
	go func() { over <- attempted(link, material.Sleep) }()
	seen := answer{}
	for len(seen) == 0 {
		do(other, fmt.Sprintf("KILL QUERY %d", id))
		select {
		case done := <-over:
			seen = append(seen, done)
		case <-time.After(300 * time.Millisecond):
		}
	}
	soon, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	_, err := connect().QueryContext(soon, material.Sleep)
	return append(seen, failure(err), ask(connect(), "SELECT 'still here'"))
}

func overTLS() answer {
	certificates := x509.NewCertPool()
	pem, err := ioutil.ReadFile(how.Ca)
	check(err)
	certificates.AppendCertsFromPEM(pem)
	check(mysql.RegisterTLSConfig("own", &tls.Config{RootCAs: certificates, ServerName: how.Host}))
	link := connect("tls=own")
	return answer{ask(link, "SELECT 1 + 1"), ask(link, material.SelectTypes)}
}

var trials = map[string]func() answer{
	"types": types, "prepared": prepared, "parameters": parameters, "nulls": nulls, "unicode": unicode, "blobs": blobs,
	"transactions": transactions, "warnings": warnings, "errors": mistakes, "results": results, "cursors": cursors,
	"session": session, "cancel": cancel, "tls": overTLS,
}

func main() {
	time.AfterFunc(100*time.Second, func() { panic("too slow") })
	check(json.Unmarshal([]byte(os.Getenv("DRIVER_TRIAL")), &how))
	text, err := ioutil.ReadFile(how.Material)
	check(err)
	check(json.Unmarshal(text, &material))
	interpolated = os.Args[1] == "go-mysql-interpolated"
	found := map[string]interface{}{"version": version}
	for _, name := range how.Only {
		if trial, has := trials[name]; has && !(interpolated && name == "prepared") {
			found[name] = attempt(trial)
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(found))
}

func attempt(trial func() answer) (seen interface{}) {
	defer func() {
		if broken := recover(); broken != nil {
			seen = map[string]string{"failed": fmt.Sprintf("%T %v", broken, broken)}
		}
	}()
	return trial()
}
