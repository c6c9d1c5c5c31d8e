# `perl trials.pl DRIVER`: DBD::mysql or DBD::MariaDB does all trials and prints what each showed, as JSON.
#
# The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
# with its type. What a driver does not have it leaves out.
use strict;
use warnings;
use utf8;
use B;
use DBI;
use Digest::SHA qw(sha1_hex);
use Encode qw(encode_utf8);
use JSON::PP;

alarm 100;
my $how = decode_json($ENV{DRIVER_TRIAL});
my $material = do {
    open my $file, '<:raw', $how->{material} or die $!;
    local $/;
    decode_json(<$file>);
};
# Both have the same options, each with a prefix of its own.
my %names = ('perl-mysql' => 'mysql', 'perl-mariadb' => 'MariaDB');
my $driver = $names{$ARGV[0]};
my $own = lc $driver;

sub plain {
    my ($value) = @_;
    return 'undef' unless defined $value;
    return [map { plain($_) } @$value] if ref $value eq 'ARRAY';
    my $kind = B::class(B::svref_2object(\$value));
    my $text = utf8::is_utf8($value) ? 'text ' . encode_utf8($value) : "bytes $value";
    return "$kind " . (length $text < 200 && $text =~ /^[\x20-\x7e]*$/ ? $text : length($text) . ' ' . sha1_hex($text));
}

sub connect_to {
    my (%more) = @_;
    my $dsn = join ';', "DBI:$driver:host=$how->{host}", "port=$how->{port}", "database=$how->{database}",
        map { "${own}_$_=$more{$_}" } sort keys %more;
    my $unicode = $own eq 'mysql' ? {mysql_enable_utf8mb4 => 1} : {};
    return DBI->connect($dsn, $how->{user}, $how->{password}, {RaiseError => 1, PrintError => 0, AutoCommit => 1, %$unicode});
}

sub ask {
    my ($link, $sql, @values) = @_;
    my $statement = $link->prepare($sql);
    my $affected = $statement->execute(@values);
    return $statement->{NUM_OF_FIELDS} ? plain($statement->fetchall_arrayref) : ['affected', "$affected"];
}

sub failure {
    my ($asking) = @_;
    my $seen = eval { $asking->() };
    return $seen unless $@;
    return [$DBI::err, $DBI::errstr, $DBI::state] if $DBI::err;
    die $@;
}

sub results {
    my ($link, $sql) = @_;
    my $statement = $link->prepare($sql);
    $statement->execute;
    my @seen;
    do {
        push @seen, $statement->{NUM_OF_FIELDS} ? plain($statement->fetchall_arrayref) : ['affected', $statement->rows];
    } while ($statement->more_results);
    return \@seen;
}

# A row of parameters: values with the type each is bound with; DBI's plain execute() sends texts only.
sub insert_parameters {
    my ($link, $row) = @_;
    my $statement = $link->prepare('INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES (?, ?, ?, ?, ?, ?, ?)');
    my @types = (DBI::SQL_BIGINT, DBI::SQL_DOUBLE, DBI::SQL_DECIMAL, DBI::SQL_VARCHAR, DBI::SQL_VARBINARY,
        DBI::SQL_VARCHAR, DBI::SQL_VARCHAR);
    $statement->bind_param($_ + 1, $row->[$_], $types[$_]) for 0 .. $#$row;
    return $statement->execute;
}

my @rows = (
    (map { [$_, (undef) x 6] } @{$material->{integers}}, '9223372036854775807'),
    (map { [(undef) x 3, $_, encode_utf8($_), undef, undef] } @{$material->{strings}}),
    [undef, 1.5, '-12345678901234567890.0123456789', undef, join('', map { chr } 0 .. 255), undef, undef],
    [undef, -1e300, '0', 'x', '', '2001-02-03 04:05:06.789', '-20:00:05'],
    [1, 5e-324, '1e5', 'y', "\0", '9999-12-31', '00:00:01'],
);

my %trials = (
    types => sub {
        my $link = connect_to();
        ask($link, 'DELETE FROM types');
        my @seen = map { ask($link, $_) } @{$material->{types}};
        my $statement = $link->prepare($material->{select_types});
        $statement->execute;
        my @about = map { $statement->{$_} }
            qw(NAME TYPE PRECISION SCALE NULLABLE), map { "${own}_$_" } qw(type_name is_num is_blob length max_length);
        return [@seen, plain($statement->fetchall_arrayref), \@about, ask($link, $material->{computed})];
    },
    prepared => sub {
        my $link = connect_to(server_prepare => 1);
        return [ask($link, $material->{select_types}),
            map { ask($link, 'SELECT id, v FROM types WHERE id = ?', $_) } 1, 2, undef];
    },
    parameters => sub {
        my @seen;
        for my $link (connect_to(), connect_to(server_prepare => 1)) {
            ask($link, 'DELETE FROM parameters');
            for my $row (@rows) {
                push @seen, failure(sub { insert_parameters($link, $row) });
            }
            push @seen, ask($link, 'SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id');
            $link->disconnect;
        }
        return \@seen;
    },
    nulls => sub {
        my $link = connect_to();
        return [ask($link, "SELECT ? IS NULL, ? <=> NULL, COALESCE(?, 'none')", undef, undef, undef),
            ask($link, 'SELECT * FROM types WHERE id = 3')];
    },
    unicode => sub {
        my $link = connect_to();
        ask($link, 'DELETE FROM texts');
        my $number = 0;
        ask($link, 'INSERT INTO texts (t, `ключ`) VALUES (?, ?)', $_, $number++) for @{$material->{unicode}};
        my $statement = $link->prepare('SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id');
        $statement->execute;
        return [plain($statement->{NAME}), plain($statement->fetchall_arrayref),
            map { ask($link, 'SELECT COUNT(*) FROM texts WHERE t = ?', $_) } @{$material->{unicode}}];
    },
    blobs => sub {
        my @seen;
        for my $link (connect_to(), connect_to(server_prepare => 1)) {
            ask($link, 'DELETE FROM blobs');
            $link->{LongReadLen} = 1 << 26;
            my $number = 0;
            for my $size (@{$material->{blob_sizes}}) {
                my $data = substr(join('', map { chr } 0 .. 255) x (int($size / 256) + 1), 0, $size);
                my $statement = $link->prepare('INSERT INTO blobs VALUES (?, ?)');
                $statement->bind_param(1, $number, DBI::SQL_INTEGER);
                $statement->bind_param(2, $data, DBI::SQL_BLOB);
                push @seen, failure(sub { $statement->execute });
                my ($got, $length, $digest) =
                    $link->selectrow_array("SELECT b, LENGTH(b), SHA2(b, 256) FROM blobs WHERE id = $number");
                push @seen, [defined $got && $got eq $data ? 'as sent' : 'another', $length, $digest];
                $number++;
            }
            $link->disconnect;
        }
        return \@seen;
    },
    transactions => sub {
        my ($link, $other) = (connect_to(), connect_to());
        my $count = sub { ask($other, "SELECT COUNT(*) FROM notes WHERE t = 'tx'") };
        my $insert = sub { ask($link, "INSERT INTO notes (t) VALUES ('tx')") };
        ask($link, 'DELETE FROM notes');
        my @seen;
        for my $end (qw(rollback commit)) {
            $link->begin_work;
            $insert->();
            push @seen, $count->();
            $link->$end;
            push @seen, $count->();
        }
        ask($link, 'SET TRANSACTION READ ONLY');
        $link->begin_work;
        push @seen, failure($insert);
        $link->rollback;
        $link->begin_work;
        $insert->();
        $link->disconnect;
        return [@seen, $count->()];
    },
    warnings => sub {
        my $link = connect_to();
        my @seen;
        for my $sql (@{$material->{warnings}}) {
            my $statement = $link->prepare($sql);
            $statement->execute;
            push @seen, plain($statement->{"${own}_warning_count"});
            $statement->fetchall_arrayref if $statement->{NUM_OF_FIELDS};
            push @seen, ask($link, 'SHOW WARNINGS');
        }
        return \@seen;
    },
    errors => sub {
        my $link = connect_to();
        my $prepared = connect_to(server_prepare => 1);
        my @seen = map { my $sql = $_; failure(sub { ask($link, $sql) }) } @{$material->{errors}};
        push @seen, failure(sub { ask($prepared, 'SELECT * FROM nowhere WHERE ? = 1', 1) });
        return [@seen, ask($link, "SELECT 'still here'")];
    },
    results => sub {
        my $link = connect_to();
        my @seen = results($link, 'CALL two_results(5)');
        ask($link, 'SET @b = 40');
        results($link, 'CALL out_parameters(2, @b, @c)');
        push @seen, ask($link, 'SELECT @b, @c'), failure(sub { ask($link, 'SELECT 1; SELECT 2') });
        my $multi = connect_to(multi_statements => 1);
        push @seen, results($multi, "SELECT 1; SET \@m = 2; SELECT \@m, 'x'; UPDATE types SET v = v");
        return [@seen, ask($multi, 'SELECT @m + 1')];
    },
    cursors => sub {
        my $link = connect_to();
        my $statement = $link->prepare($material->{many}, {"${own}_use_result" => 1});
        $statement->execute;
        my @rows;
        while (my $row = $statement->fetchrow_arrayref) { push @rows, plain($row) }
        $statement->finish;
        return [scalar @rows, $rows[0], $rows[-1], ask($link, "SELECT 'next'")];
    },
    session => sub {
        my $link = connect_to();
        my @seen = map { my $sql = $_; failure(sub { ask($link, $sql) }) } @{$material->{session}};
        ask($link, "INSERT INTO notes (t) VALUES ('id')");
        return [@seen, $link->{"${own}_insertid"} > 0, $link->last_insert_id((undef) x 4) > 0, $link->ping ? 'there' : 'gone'];
    },
    cancel => sub {
        my ($link, $other) = (connect_to(), connect_to());
        my ($id) = $link->selectrow_array('SELECT CONNECTION_ID()');
        my $seen = $id == $link->{"${own}_thread_id"} ? ['its own number'] : ['another number'];
        my $sleeping = $link->prepare($material->{sleep}, {$own eq 'mysql' ? 'async' : 'mariadb_async' => 1});
        $sleeping->execute;
        my ($ready, $result) = map { "${own}_async_$_" } qw(ready result);
        until ($sleeping->$ready) {
            $other->do("KILL QUERY $id");
            select undef, undef, undef, 0.3;
        }
        push @$seen, failure(sub { $sleeping->$result; plain($sleeping->fetchall_arrayref) });
        return [@$seen, ask($link, "SELECT 'still here'")];
    },
    tls => sub {
        # Debian's DBD::mysql cannot insist on TLS with the library that it is built with; it uses it when offered.
        my %optional = $own eq 'mysql' ? (ssl_optional => 1) : ();
        my $link = connect_to(ssl => 1, ssl_ca_file => $how->{ca}, ssl_verify_server_cert => 1, %optional);
        return [ask($link, 'SELECT 1 + 1'), ask($link, $material->{select_types})];
    },
    compression => sub {
        my $link = connect_to(compression => 1);
        return [ask($link, $material->{many}), ask($link, $material->{select_types})];
    },
);

my %found = (version => "DBD::$driver"->VERSION // do { DBI->install_driver($driver); "DBD::$driver"->VERSION });
for my $name ($how->{only} ? @{$how->{only}} : sort keys %trials) {
    my $seen = eval { $trials{$name}->() };
    $found{$name} = $@ ? {failed => "$@"} : $seen;
}
binmode STDOUT;
print JSON::PP->new->utf8->canonical->encode(\%found), "\n";
