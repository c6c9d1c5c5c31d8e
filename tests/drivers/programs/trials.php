<?php
// `php trials.php DRIVER`: mysqli or PDO does all trials and prints what each showed, as JSON.
//
// The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
// with its type. What a driver does not have it leaves out.
declare(strict_types=1);
ini_set('memory_limit', '1G');
set_time_limit(100);

$how = json_decode(getenv('DRIVER_TRIAL'), true);
$material = json_decode(file_get_contents($how['material']), true);

function plain(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map('plain', $value);
    }
    $text = var_export($value, true);
    $shown = strlen($text) < 200 && preg_match('//u', $text) ? $text : strlen($text) . ' ' . sha1($text);
    return get_debug_type($value) . " $shown";
}

final class Mysqli_
{
    public const COMPRESSED = ['flags' => MYSQLI_CLIENT_COMPRESS];

    public function __construct(private array $how)
    {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    }

    public function connect(array $more = []): mysqli
    {
        $how = $this->how;
        $link = mysqli_init();
        if (isset($more['tls'])) {
            $link->ssl_set(null, null, $how['ca'], null, null);
        }
        $flags = ($more['flags'] ?? 0) | (isset($more['tls']) ? MYSQLI_CLIENT_SSL : 0);
        $link->real_connect($how['host'], $how['user'], $how['password'], $how['database'], $how['port'], null, $flags);
        $link->set_charset('utf8mb4');
        return $link;
    }

    public function ask(mysqli $link, string $sql, ?array $values = null): mixed
    {
        $result = $values === null ? $link->query($sql) : $link->execute_query($sql, $values);
        return $result instanceof mysqli_result ? $result->fetch_all(MYSQLI_ASSOC) : ['affected' => $link->affected_rows];
    }

    public function fields(mysqli $link, string $sql): array
    {
        return array_map(fn ($f) => [$f->name, $f->type, $f->length, $f->flags, $f->decimals], $link->query($sql)->fetch_fields());
    }

    public function warnings(mysqli $link): mixed
    {
        return [$link->warning_count, plain($this->ask($link, 'SHOW WARNINGS'))];
    }

    public function results(mysqli $link, string $sql): array
    {
        $link->multi_query($sql);
        $seen = [];
        do {
            $result = $link->store_result();
            $seen[] = $result ? plain($result->fetch_all()) : ['affected' => $link->affected_rows];
        } while ($link->next_result());
        return $seen;
    }

    public function stream(mysqli $link, string $sql): array
    {
        $result = $link->query($sql, MYSQLI_USE_RESULT);
        $rows = [];
        while ($row = $result->fetch_row()) {
            $rows[] = $row;
        }
        $result->free();
        $statement = $link->prepare($sql);
        $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $statement->execute();
        $statement->bind_result($n, $t);
        $seen = [];
        while ($statement->fetch()) {
            $seen[] = [$n, $t];
        }
        return [count($rows), plain($rows[999]), count($seen), plain($seen[999])];
    }

    public function errorOf(Throwable $error): array
    {
        return [get_class($error), $error->getCode(), $error->getMessage(), $error instanceof mysqli_sql_exception ? $error->getSqlState() : null];
    }

    public function cancelled(mysqli $link, mysqli $other, string $sleep): mixed
    {
        $link->query($sleep, MYSQLI_ASYNC);
        $id = $link->thread_id;
        while (true) {
            $other->query("KILL QUERY $id");
            $read = $error = $reject = [$link];
            if (mysqli::poll($read, $error, $reject, 0, 300000)) {
                return failure($this, fn () => $link->reap_async_query()->fetch_all());
            }
        }
    }

    public function begin(mysqli $link): void { $link->begin_transaction(); }
    public function commit(mysqli $link): void { $link->commit(); }
    public function rollBack(mysqli $link): void { $link->rollback(); }
    public function id(mysqli $link): bool { return $link->insert_id > 0; }

    public function again(mysqli $link): mixed
    {
        $link->change_user($this->how['user'], $this->how['password'], $this->how['database']);
        return plain($this->ask($link, 'SELECT @mine, @@sql_mode'));
    }
}

final class Pdo_
{
    public const COMPRESSED = ['options' => [PDO::MYSQL_ATTR_COMPRESS => true]];

    public function __construct(private array $how, private bool $emulated)
    {
    }

    public function connect(array $more = []): PDO
    {
        $how = $this->how;
        $options = ($more['options'] ?? []) + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => $this->emulated];
        if (isset($more['tls'])) {
            $options += [PDO::MYSQL_ATTR_SSL_CA => $how['ca'], PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => true];
        }
        $dsn = "mysql:host={$how['host']};port={$how['port']};dbname={$how['database']};charset=utf8mb4";
        return new PDO($dsn, $how['user'], $how['password'], $options);
    }

    public function ask(PDO $link, string $sql, ?array $values = null): mixed
    {
        if ($values === null) {
            $statement = $link->query($sql);
        } else {
            $statement = $link->prepare($sql);
            $statement->execute($values);
        }
        return $statement->columnCount() ? $statement->fetchAll(PDO::FETCH_ASSOC) : ['affected' => $statement->rowCount()];
    }

    public function fields(PDO $link, string $sql): array
    {
        $statement = $link->query($sql);
        $seen = array_map(fn ($i) => $statement->getColumnMeta($i), range(0, $statement->columnCount() - 1));
        $statement->fetchAll();
        return $seen;
    }

    public function warnings(PDO $link): mixed
    {
        return plain($this->ask($link, 'SHOW WARNINGS'));
    }

    public function results(PDO $link, string $sql): array
    {
        $link->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
        $statement = $link->query($sql);
        $seen = [];
        do {
            $seen[] = $statement->columnCount() ? plain($statement->fetchAll(PDO::FETCH_NUM)) : ['affected' => $statement->rowCount()];
        } while ($statement->nextRowset());
        return $seen;
    }

    public function stream(PDO $link, string $sql): array
    {
        $link->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);
        $rows = [];
        foreach ($link->query($sql, PDO::FETCH_NUM) as $row) {
            $rows[] = $row;
        }
        $link->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, true);
        return [count($rows), plain($rows[999])];
    }

    public function errorOf(Throwable $error): array
    {
        return [get_class($error), $error->getMessage(), $error instanceof PDOException ? $error->errorInfo : null];
    }

    public function cancelled(PDO $link, PDO $other, string $sleep): mixed { return null; }
    public function begin(PDO $link): void { $link->beginTransaction(); }
    public function commit(PDO $link): void { $link->commit(); }
    public function rollBack(PDO $link): void { $link->rollBack(); }
    public function id(PDO $link): bool { return $link->lastInsertId() > 0; }
    public function again(PDO $link): mixed { return null; }
}

function failure(object $driver, callable $asking): mixed
{
    try {
        return plain($asking());
    } catch (Throwable $error) {
        return $driver->errorOf($error);
    }
}

$trials = [
    'types' => function ($d) use ($material) {
        $link = $d->connect();
        $d->ask($link, 'DELETE FROM types');
        $seen = array_map(fn ($sql) => plain($d->ask($link, $sql)), $material['types']);
        $seen[] = plain($d->ask($link, $material['select_types']));
        $seen[] = plain($d->fields($link, $material['select_types']));
        $seen[] = plain($d->ask($link, $material['computed']));
        return $seen;
    },
    'prepared' => function ($d) use ($material) {
        $link = $d->connect();
        $seen = [plain($d->ask($link, $material['select_types'], []))];
        foreach ([1, 2, null] as $id) {
            $seen[] = plain($d->ask($link, 'SELECT id, v FROM types WHERE id = ?', [$id]));
        }
        return $seen;
    },
    'parameters' => function ($d) use ($material) {
        $link = $d->connect();
        $d->ask($link, 'DELETE FROM parameters');
        $rows = array_map(fn ($n) => [$n, null, null, null, null, null, null], $material['integers']);
        foreach ($material['strings'] as $text) {
            $rows[] = [null, null, null, $text, $text, null, null];
        }
        $rows[] = [null, 1.5, '-12345678901234567890.0123456789', null, implode('', array_map('chr', range(0, 255))), null, null];
        $rows[] = [1, -1e300, '0', 'x', '', '2001-02-03 04:05:06.789', '-20:00:05'];
        $rows[] = [PHP_INT_MAX, 5e-324, '1e5', 'y', "\0", '9999-12-31', '00:00:01'];
        $seen = [];
        foreach ($rows as $row) {
            $seen[] = failure($d, fn () => $d->ask($link, 'INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES (?, ?, ?, ?, ?, ?, ?)', $row));
        }
        $seen[] = plain($d->ask($link, 'SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id'));
        return $seen;
    },
    'nulls' => function ($d) {
        $link = $d->connect();
        return [
            plain($d->ask($link, "SELECT ? IS NULL AS a, ? <=> NULL AS b, COALESCE(?, 'none') AS c", [null, null, null])),
            plain($d->ask($link, 'SELECT * FROM types WHERE id = 3')),
        ];
    },
    'unicode' => function ($d) use ($material) {
        $link = $d->connect();
        $d->ask($link, 'DELETE FROM texts');
        foreach ($material['unicode'] as $number => $text) {
            $d->ask($link, 'INSERT INTO texts (t, `ключ`) VALUES (?, ?)', [$text, $number]);
        }
        $seen = [plain($d->ask($link, 'SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id'))];
        foreach ($material['unicode'] as $text) {
            $seen[] = plain($d->ask($link, 'SELECT COUNT(*) AS n FROM texts WHERE t = ?', [$text]));
        }
        return $seen;
    },
    'blobs' => function ($d) use ($material) {
        $link = $d->connect();
        $d->ask($link, 'DELETE FROM blobs');
        $seen = [];
        foreach ($material['blob_sizes'] as $number => $size) {
            $data = substr(str_repeat(implode('', array_map('chr', range(0, 255))), intdiv($size, 256) + 1), 0, $size);
            $seen[] = failure($d, fn () => $d->ask($link, 'INSERT INTO blobs VALUES (?, ?)', [$number, $data]));
            foreach ($d->ask($link, "SELECT b, LENGTH(b) AS n, SHA2(b, 256) AS m FROM blobs WHERE id = $number") as $row) {
                $seen[] = [$row['b'] === $data, $row['n'], $row['m']];
            }
        }
        return $seen;
    },
    'transactions' => function ($d) {
        [$link, $other] = [$d->connect(), $d->connect()];
        $count = fn () => plain($d->ask($other, "SELECT COUNT(*) AS n FROM notes WHERE t = 'tx'"));
        $insert = fn () => $d->ask($link, "INSERT INTO notes (t) VALUES ('tx')");
        $d->ask($link, 'DELETE FROM notes');
        $seen = [];
        foreach (['rollBack', 'commit'] as $end) {
            $d->begin($link);
            $insert();
            $seen[] = $count();
            $d->$end($link);
            $seen[] = $count();
        }
        $d->ask($link, 'SET TRANSACTION READ ONLY');
        $d->begin($link);
        $seen[] = failure($d, $insert);
        $d->rollBack($link);
        return $seen;
    },
    'warnings' => function ($d) use ($material) {
        $link = $d->connect();
        return array_map(fn ($sql) => [plain($d->ask($link, $sql)), $d->warnings($link)], $material['warnings']);
    },
    'errors' => function ($d) use ($material) {
        $link = $d->connect();
        $seen = array_map(fn ($sql) => failure($d, fn () => $d->ask($link, $sql)), $material['errors']);
        $seen[] = failure($d, fn () => $d->ask($link, 'SELECT * FROM nowhere WHERE ? = 1', [1]));
        $seen[] = plain($d->ask($link, "SELECT 'still here' AS x"));
        return $seen;
    },
    'results' => function ($d) {
        $link = $d->connect();
        $seen = [$d->results($link, 'CALL two_results(5)')];
        $d->ask($link, 'SET @b = 40');
        $d->results($link, 'CALL out_parameters(2, @b, @c)');
        $seen[] = plain($d->ask($link, 'SELECT @b, @c'));
        $seen[] = $d->results($link, "SELECT 1; SET @m = 2; SELECT @m, 'x'; UPDATE types SET v = v");
        $seen[] = plain($d->ask($link, 'SELECT @m + 1 AS m'));
        return $seen;
    },
    'cursors' => fn ($d) => $d->stream($d->connect(), $material['many']),
    'session' => function ($d) use ($material) {
        $link = $d->connect();
        $seen = array_map(fn ($sql) => failure($d, fn () => $d->ask($link, $sql)), $material['session']);
        $d->ask($link, "INSERT INTO notes (t) VALUES ('id')");
        return [...$seen, $d->id($link), $d->again($link)];
    },
    'cancel' => fn ($d) => $d->cancelled($d->connect(), $d->connect(), $material['sleep']),
    'tls' => function ($d) use ($material) {
        $link = $d->connect(['tls' => true]);
        return [plain($d->ask($link, 'SELECT 1 + 1 AS two')), plain($d->ask($link, $material['select_types']))];
    },
    'compression' => function ($d) use ($material) {
        $link = $d->connect($d::COMPRESSED);
        return [sha1(serialize($d->ask($link, $material['many']))), plain($d->ask($link, $material['select_types']))];
    },
];

$driver = match ($argv[1]) {
    'php-mysqli' => new Mysqli_($how),
    'php-pdo' => new Pdo_($how, false),
    'php-pdo-emulated' => new Pdo_($how, true),
};
$found = ['version' => PHP_VERSION];
foreach ($trials as $name => $trial) {
    if (isset($how['only']) && !in_array($name, $how['only'])) {
        continue;
    }
    try {
        $found[$name] = $trial($driver);
    } catch (Throwable $error) {
        $found[$name] = ['failed' => (string) $error];
    }
}
echo json_encode($found, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
