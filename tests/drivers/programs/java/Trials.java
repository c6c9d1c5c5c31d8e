import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A JDBC driver does all trials and prints what each showed, as JSON. Its argument is the driver's key: java-mariadb
 * prepares in the client, java-mariadb-prepared on the server.
 *
 * <p>The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is
 * printed with its type. What a driver does not have it leaves out.
 */
public final class Trials {
    private static final String INSERT = "INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES (?, ?, ?, ?, ?, ?, ?)";
    private static Map<?, ?> how;
    private static Map<?, ?> material;
    private static boolean serverPrepares;

    private interface Trial {
        Object seen() throws Exception;
    }

    private static String url() {
        return "jdbc:mariadb://" + how.get("host") + ":" + how.get("port") + "/" + how.get("database");
    }

    private static Connection connect(String... options) throws SQLException {
        var properties = new Properties();
        properties.put("user", how.get("user"));
        properties.put("password", how.get("password"));
        properties.put("allowPublicKeyRetrieval", "true");
        properties.put("useServerPrepStmts", String.valueOf(serverPrepares));
        properties.put("maxAllowedPacket", String.valueOf(1 << 26));
        for (String option : options) {
            String[] parts = option.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        return DriverManager.getConnection(url(), properties);
    }

    private static String[] texts(String name) {
        return ((List<?>) material.get(name)).stream().map(Object::toString).toArray(String[]::new);
    }

    private static String text(String name) {
        return (String) material.get(name);
    }

    // What is shown.

    private static String plain(Object value) throws Exception {
        if (value == null) return "null";
        byte[] bytes = value instanceof byte[] raw ? raw : value.toString().getBytes(StandardCharsets.UTF_8);
        String shown = value instanceof byte[] raw ? HexFormat.of().formatHex(raw) : value.toString();
        if (bytes.length > 200) {
            shown = bytes.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes));
        }
        return value.getClass().getSimpleName() + " " + shown;
    }

    private static List<Object> rows(ResultSet result) throws Exception {
        var seen = new ArrayList<Object>();
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
            var row = new ArrayList<Object>();
            for (int i = 1; i <= columns; i++) row.add(value(result, i));
            seen.add(row);
        }
        return seen;
    }

    private static Object value(ResultSet result, int column) throws Exception {
        try {
            return plain(result.getObject(column));
        } catch (SQLException unreadable) {
            return failure(unreadable);
        }
    }

    private static Object described(ResultSet result) throws SQLException {
        var about = result.getMetaData();
        var seen = new ArrayList<Object>();
        for (int i = 1; i <= about.getColumnCount(); i++) {
            seen.add(Arrays.asList(about.getColumnLabel(i), about.getColumnName(i), about.getTableName(i), about.getColumnTypeName(i),
                about.getPrecision(i), about.getScale(i), about.isNullable(i), about.isSigned(i), about.isAutoIncrement(i)));
        }
        return seen;
    }

    private static Object outcome(Statement statement, boolean isResult) throws Exception {
        return isResult ? rows(statement.getResultSet()) : Arrays.asList("affected", statement.getUpdateCount());
    }

    private static List<Object> every(Statement statement, boolean isResult) throws Exception {
        var seen = new ArrayList<Object>();
        for (boolean result = isResult; result || statement.getUpdateCount() != -1; result = statement.getMoreResults()) {
            seen.add(outcome(statement, result));
        }
        return seen;
    }

    private static Object ask(Connection link, String sql, Object... values) throws Exception {
        if (values.length == 0) {
            try (Statement statement = link.createStatement()) {
                return outcome(statement, statement.execute(sql));
            }
        }
        try (PreparedStatement statement = link.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
            return outcome(statement, statement.execute());
        }
    }

    private static Object failure(SQLException error) {
        return Arrays.asList(error.getClass().getSimpleName(), error.getErrorCode(), error.getSQLState(), withoutId(error.getMessage()));
    }

    /** Connector/J begins a message with the number of the connection. */
    private static String withoutId(String message) {
        return message.replaceAll("\\(conn=\\d+\\)", "(conn)");
    }

    private static Object attempted(Trial trial) throws Exception {
        try {
            return trial.seen();
        } catch (SQLException error) {
            return failure(error);
        }
    }

    // The trials.

    private static Object types() throws Exception {
        try (Connection link = connect(); Statement statement = link.createStatement()) {
            statement.execute("DELETE FROM types");
            var seen = new ArrayList<Object>();
            for (String sql : texts("types")) seen.add(ask(link, sql));
            seen.add(ask(link, text("select_types")));
            seen.add(described(statement.executeQuery(text("select_types"))));
            seen.add(ask(link, text("computed")));
            return seen;
        }
    }

    private static Object prepared() throws Exception {
        if (!serverPrepares) return null;
        try (Connection link = connect(); PreparedStatement all = link.prepareStatement(text("select_types"))) {
            var seen = new ArrayList<Object>();
            seen.add(rows(all.executeQuery()));
            for (Object id : Arrays.asList(1, "2", null, 2L)) seen.add(ask(link, "SELECT id, v FROM types WHERE id = ?", id));
            return seen;
        }
    }

    private static List<Object[]> parameterRows() {
        var rows = new ArrayList<Object[]>();
        for (Object number : (List<?>) material.get("integers")) rows.add(new Object[] {number, null, null, null, null, null, null});
        for (String each : texts("strings")) {
            rows.add(new Object[] {null, null, null, each, each.getBytes(StandardCharsets.UTF_8), null, null});
        }
        rows.add(new Object[] {Long.MAX_VALUE, 1.5, new BigDecimal("-12345678901234567890.0123456789"), null, allBytes(256), null, null});
        rows.add(new Object[] {true, -1e300, BigDecimal.ZERO, "x", new byte[0],
            java.sql.Timestamp.valueOf("2001-02-03 04:05:06.789"), "-20:00:05"});
        rows.add(new Object[] {(short) -5, 4.9e-324, new BigDecimal("1e5"), "y", new byte[1],
            java.sql.Timestamp.valueOf("9999-12-31 00:00:00"), java.sql.Time.valueOf("00:00:01")});
        rows.add(new Object[] {null, 0.5f, null, 'c', null, java.time.LocalDate.of(2001, 2, 3), java.time.LocalTime.of(1, 2, 3)});
        return rows;
    }

    private static byte[] allBytes(int size) {
        byte[] data = new byte[size];
        for (int i = 0; i < size; i++) data[i] = (byte) i;
        return data;
    }

    private static Object parameters() throws Exception {
        try (Connection link = connect(); PreparedStatement many = link.prepareStatement("INSERT INTO parameters (i, v) VALUES (?, ?)")) {
            ask(link, "DELETE FROM parameters");
            var seen = new ArrayList<Object>();
            for (Object[] row : parameterRows()) seen.add(attempted(() -> ask(link, INSERT, row)));
            seen.add(ask(link, "SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id"));
            for (int i = 0; i < 50; i++) {
                many.setInt(1, i);
                if (i % 7 == 0) many.setNull(2, Types.VARCHAR);
                else many.setString(2, String.valueOf(i));
                many.addBatch();
            }
            many.executeBatch();
            seen.add(ask(link, "SELECT COUNT(*), SUM(i), COUNT(v) FROM parameters WHERE d IS NULL"));
            return seen;
        }
    }

    private static Object nulls() throws Exception {
        try (Connection link = connect()) {
            return Arrays.asList(ask(link, "SELECT ? IS NULL, ? <=> NULL, COALESCE(?, 'none')", null, null, null),
                ask(link, "SELECT * FROM types WHERE id = ?", 3));
        }
    }

    private static Object unicode() throws Exception {
        try (Connection link = connect(); Statement statement = link.createStatement()) {
            ask(link, "DELETE FROM texts");
            int number = 0;
            for (String each : texts("unicode")) ask(link, "INSERT INTO texts (t, `ключ`) VALUES (?, ?)", each, number++);
            String all = "SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id";
            var seen = new ArrayList<Object>(List.of(ask(link, all), described(statement.executeQuery(all))));
            for (String each : texts("unicode")) seen.add(ask(link, "SELECT COUNT(*) FROM texts WHERE t = ?", each));
            return seen;
        }
    }

    private static Object blobs() throws Exception {
        try (Connection link = connect()) {
            ask(link, "DELETE FROM blobs");
            var seen = new ArrayList<Object>();
            int number = 0;
            for (Object size : (List<?>) material.get("blob_sizes")) {
                byte[] data = allBytes(((Long) size).intValue());
                seen.add(ask(link, "INSERT INTO blobs VALUES (?, ?)", number, data));
                try (Statement statement = link.createStatement();
                    ResultSet found = statement.executeQuery("SELECT b, LENGTH(b), SHA2(b, 256) FROM blobs WHERE id = " + number++)) {
                    found.next();
                    seen.add(Arrays.asList(Arrays.equals(found.getBytes(1), data), found.getInt(2), found.getString(3)));
                }
            }
            return seen;
        }
    }

    private static Object transactions() throws Exception {
        var seen = new ArrayList<Object>();
        String insert = "INSERT INTO notes (t) VALUES ('tx')", count = "SELECT COUNT(*) FROM notes WHERE t = 'tx'";
        try (Connection other = connect()) {
            try (Connection link = connect()) {
                ask(link, "DELETE FROM notes");
                link.setAutoCommit(false);
                for (boolean commit : new boolean[] {false, true}) {
                    ask(link, insert);
                    seen.add(ask(other, count));
                    if (commit) link.commit();
                    else link.rollback();
                    seen.add(ask(other, count));
                }
                var savepoint = link.setSavepoint("s");
                ask(link, insert);
                link.rollback(savepoint);
                link.commit();
                seen.add(ask(other, count));
                for (int level : new int[] {Connection.TRANSACTION_SERIALIZABLE, Connection.TRANSACTION_READ_COMMITTED}) {
                    link.setTransactionIsolation(level);
                    seen.add(Arrays.asList(link.getTransactionIsolation(), ask(link, insert)));
                    link.rollback();
                }
                link.setReadOnly(true);
                seen.add(attempted(() -> ask(link, insert)));
                link.rollback();
                link.setReadOnly(false);
                ask(link, insert);
            }
            seen.add(ask(other, count));
        }
        return seen;
    }

    private static Object warnings() throws Exception {
        var seen = new ArrayList<Object>();
        try (Connection link = connect()) {
            for (String sql : texts("warnings")) {
                try (Statement statement = link.createStatement()) {
                    statement.execute(sql);
                    for (SQLWarning each = statement.getWarnings(); each != null; each = each.getNextWarning()) seen.add(failure(each));
                    seen.add(ask(link, "SHOW WARNINGS"));
                }
            }
        }
        return seen;
    }

    private static Object errors() throws Exception {
        var seen = new ArrayList<Object>();
        try (Connection link = connect()) {
            for (String sql : texts("errors")) seen.add(attempted(() -> ask(link, sql)));
            seen.add(attempted(() -> ask(link, "SELECT * FROM nowhere WHERE ? = 1", 1)));
            seen.add(attempted(() -> halfABatch(link)));
            seen.add(ask(link, "SELECT 'still here'"));
        }
        return seen;
    }

    /** The driver sends the whole batch before it reads the first answer. */
    private static Object halfABatch(Connection link) throws Exception {
        try (PreparedStatement many = link.prepareStatement("INSERT INTO notes (t) VALUES (?)")) {
            for (String each : List.of("b1", "b2", "too long for it", "b3")) {
                many.setString(1, each);
                many.addBatch();
            }
            many.executeBatch();
            return "done";
        } catch (BatchUpdateException error) {
            return Arrays.asList(failure(error), Arrays.toString(error.getUpdateCounts()), ask(link, "SELECT t FROM notes WHERE t LIKE 'b_'"));
        }
    }

    private static Object results() throws Exception {
        var seen = new ArrayList<Object>();
        try (Connection link = connect()) {
            try (var call = link.prepareCall("{CALL two_results(?)}")) {
                call.setInt(1, 5);
                seen.add(every(call, call.execute()));
            }
            try (var call = link.prepareCall("{CALL out_parameters(?, ?, ?)}")) {
                call.setInt(1, 2);
                call.setInt(2, 40);
                call.registerOutParameter(2, Types.INTEGER);
                call.registerOutParameter(3, Types.VARCHAR);
                call.execute();
                seen.add(Arrays.asList(plain(call.getObject(2)), plain(call.getObject(3))));
            }
            seen.add(attempted(() -> ask(link, "SELECT 1; SELECT 2")));
        }
        try (Connection multi = connect("allowMultiQueries=true"); Statement statement = multi.createStatement()) {
            String sql = "SELECT 1; SET @m = 2; SELECT @m, 'x'; INSERT INTO notes (t) VALUES ('mu'), ('lt')";
            seen.add(every(statement, statement.execute(sql)));
            seen.add(ask(multi, "SELECT @m + 1"));
        }
        return seen;
    }

    private static Object cursors() throws Exception {
        try (Connection link = connect()) {
            Object first;
            try (Statement statement = link.createStatement()) {
                statement.setFetchSize(10);
                ResultSet result = statement.executeQuery(text("many"));
                result.next();
                result.next();
                first = Arrays.asList(result.getInt(1), ask(link, "SELECT 'between'"), result.next(), result.getInt(1));
            }
            try (PreparedStatement statement = link.prepareStatement(text("many") + " LIMIT ?")) {
                statement.setFetchSize(7);
                statement.setInt(1, 100);
                return Arrays.asList(first, rows(statement.executeQuery()).size(), ask(link, "SELECT 'next'"));
            }
        }
    }

    private static Object session() throws Exception {
        var seen = new ArrayList<Object>();
        try (Connection link = connect("sessionVariables=time_zone='+02:00'")) {
            seen.add(ask(link, "SELECT @@time_zone"));
            for (String sql : texts("session")) seen.add(attempted(() -> ask(link, sql)));
            try (PreparedStatement statement = link.prepareStatement("INSERT INTO notes (t) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
                statement.setString(1, "id");
                statement.execute();
                ResultSet keys = statement.getGeneratedKeys();
                seen.add(keys.next() && keys.getLong(1) > 0);
            }
            link.setCatalog("information_schema");
            seen.add(Arrays.asList(link.getCatalog(), ask(link, "SELECT DATABASE()"), link.isValid(5)));
            var about = link.getMetaData();
            seen.add(rows(about.getColumns((String) how.get("database"), null, "notes", null)));
        }
        return seen;
    }

    private static Object cancel() throws Exception {
        try (Connection link = connect(); Statement statement = link.createStatement()) {
            var sleeping = CompletableFuture.supplyAsync(() -> {
                try {
                    return attempted(() -> rows(statement.executeQuery(text("sleep"))));
                } catch (Exception error) {
                    return error.toString();
                }
            });
            var seen = new ArrayList<Object>();
            while (seen.isEmpty()) {
                statement.cancel();
                try {
                    seen.add(sleeping.get(300, TimeUnit.MILLISECONDS));
                } catch (TimeoutException early) {
                    // It had not begun.
                }
            }
            try (Statement limited = link.createStatement()) {
                limited.setQueryTimeout(1);
                seen.add(attempted(() -> rows(limited.executeQuery(text("sleep")))));
            }
            seen.add(ask(link, "SELECT 'still here'"));
            return seen;
        }
    }

    private static Object tls() throws Exception {
        try (Connection link = connect("useSsl=true", "serverSslCert=" + how.get("ca"))) {
            return Arrays.asList(ask(link, "SELECT 1 + 1"), ask(link, text("select_types")));
        }
    }

    private static Object compression() throws Exception {
        try (Connection link = connect("useCompression=true")) {
            return Arrays.asList(ask(link, text("many")), ask(link, text("select_types")), halfABatch(link), ask(link, text("many")));
        }
    }

    private static final Map<String, Trial> TRIALS = new LinkedHashMap<>();

    static {
        TRIALS.put("types", Trials::types);
        TRIALS.put("prepared", Trials::prepared);
        TRIALS.put("parameters", Trials::parameters);
        TRIALS.put("nulls", Trials::nulls);
        TRIALS.put("unicode", Trials::unicode);
        TRIALS.put("blobs", Trials::blobs);
        TRIALS.put("transactions", Trials::transactions);
        TRIALS.put("warnings", Trials::warnings);
        TRIALS.put("errors", Trials::errors);
        TRIALS.put("results", Trials::results);
        TRIALS.put("cursors", Trials::cursors);
        TRIALS.put("session", Trials::session);
        TRIALS.put("cancel", Trials::cancel);
        TRIALS.put("tls", Trials::tls);
        TRIALS.put("compression", Trials::compression);
    }

    public static void main(String[] arguments) throws Exception {
        how = (Map<?, ?>) Json.read(System.getenv("DRIVER_TRIAL"));
        material = (Map<?, ?>) Json.read(Files.readString(Path.of((String) how.get("material"))));
        serverPrepares = arguments[0].endsWith("-prepared");
        var found = new LinkedHashMap<String, Object>();
        try (Connection link = connect()) {
            found.put("version", link.getMetaData().getDriverVersion());
        }
        for (Object name : (List<?>) how.get("only")) {
            try {
                Object seen = TRIALS.get((String) name).seen();
                if (seen != null) found.put((String) name, seen);
            } catch (Exception error) {
                var trace = new java.io.StringWriter();
                error.printStackTrace(new java.io.PrintWriter(trace));
                found.put((String) name, Collections.singletonMap("failed", trace.toString()));
            }
        }
        System.out.println(Json.write(found));
        System.exit(0); // the driver keeps threads
    }
}
