import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Runs scripts of statements (tests/sql/golden/*.test) in Flink and prints them with Flink's answers, as tests/sql/sql_test.c
 * wants them: a statement behind `> ` with its further lines indented, then what comes, to an empty line. What stands
 * behind a line `~ reason` is weir's other answer, and is kept.
 */
public class FlinkScript {
    private static final Pattern SET = Pattern.compile("(?is)SET\\s+'([^']*)'\\s*=\\s*'([^']*)'\\s*");
    private static final Pattern RESET = Pattern.compile("(?is)RESET\\s+'([^']*)'\\s*");
    private static final Pattern QUERY = Pattern.compile("(?is)(/\\*.*?\\*/\\s*)*(SELECT|WITH|VALUES|TABLE|\\()\\b?.*");
    private static TableEnvironment flink;

    /** The folder of input files, a folder to write in, then scripts; each comes whole into the latter, under its name. */
    public static void main(String[] args) throws Exception {
        Configuration config = cluster();
        for (int i = 2; i < args.length; i++) {
            flink = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(config).build());
            set("table.local-time-zone", "UTC");
            set("parallelism.default", "1");
            List<String> out = script(Files.readAllLines(Path.of(args[i])), args[0], args[1] + "/" + i);
            Files.write(Path.of(args[1], Path.of(args[i]).getFileName().toString()), out);
        }
        System.exit(0);
    }

    /** One cluster in this process for all statements: each would start its own. */
    private static Configuration cluster() throws Exception {
        Configuration config = new Configuration();
        config.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        config.set(RestOptions.BIND_PORT, "0");
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
            .setConfiguration(config).setNumTaskManagers(1).setNumSlotsPerTaskManager(8).build());
        cluster.start();
        config.set(RestOptions.ADDRESS, "127.0.0.1");
        config.set(RestOptions.PORT, cluster.getRestAddress().get().getPort());
        config.set(DeploymentOptions.TARGET, "remote");
        return config;
    }

    private static List<String> script(List<String> lines, String data, String work) {
        List<String> out = new ArrayList<>();
        int i = 0;
        while (i < lines.size()) {
            out.add(lines.get(i));
            if (!lines.get(i++).matches(">1? .*")) {
                continue;
            }
            StringBuilder text = new StringBuilder(lines.get(i - 1).replaceFirst("^>1? ", ""));
            while (i < lines.size() && lines.get(i).startsWith("  ")) {
                out.add(lines.get(i));
                text.append('\n').append(lines.get(i++));
            }
            for (String line : answer(text.toString().replace("$data", data).replace("$work", work))) {
                out.add(line.replace(data, "$data").replace(work, "$work"));
            }
            while (i < lines.size() && !lines.get(i).isEmpty() && !lines.get(i).startsWith("~ ")) {
                i++;
            }
            while (i < lines.size() && !lines.get(i).isEmpty()) {
                out.add(lines.get(i++));
            }
        }
        return out;
    }

    private static List<String> answer(String text) {
        String statement = text.strip().replaceFirst(";$", "");
        try {
            Matcher m = SET.matcher(statement);
            if (m.matches()) {
                set(m.group(1), m.group(2));
                return List.of("OK");
            }
            m = RESET.matcher(statement);
            if (m.matches()) {
                set(m.group(1), m.group(1).equals("table.local-time-zone") ? "UTC" : null);
                return List.of("OK");
            }
            return QUERY.matcher(statement).matches() ? query(statement) : execute(statement);
        } catch (Throwable e) {
            return List.of("! " + reason(e));
        }
    }

    private static void set(String key, String value) {
        if (value == null) {
            flink.getConfig().getConfiguration().removeConfig(
                org.apache.flink.configuration.ConfigOptions.key(key).stringType().noDefaultValue());
        } else {
            flink.getConfig().set(key, value);
        }
    }

    private static List<String> query(String statement) throws Exception {
        TableResult result = flink.executeSql(statement);
        List<String> columns = new ArrayList<>(), rows = rows(result);
        for (Column c : result.getResolvedSchema().getColumns()) {
            columns.add(c.getName() + " " + c.getDataType().getLogicalType().asSummaryString().replaceAll(" \\*(ROW|PROC)TIME\\*", ""));
        }
        rows.add(0, ": " + String.join(", ", columns));
        return rows;
    }

    /** What is no query: OK, and for SHOW and its like the rows. */
    private static List<String> execute(String statement) throws Exception {
        TableResult result = flink.executeSql(statement);
        if (result.getJobClient().isPresent()) {
            result.await();
            return List.of("OK");
        }
        boolean shows = statement.toUpperCase(Locale.ROOT).matches("(?s)(SHOW|DESC|EXPLAIN).*");
        return shows ? rows(result) : List.of("OK");
    }

    private static List<String> rows(TableResult result) throws Exception {
        List<String> rows = new ArrayList<>();
        try (CloseableIterator<Row> all = result.collect()) {
            while (all.hasNext()) {
                rows.add(text(all.next()).replace("\r", "\\r").replace("\n", "\\n"));
            }
        }
        return rows;
    }

    private static String text(Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Row) {
            Row row = (Row) value;
            List<String> fields = new ArrayList<>();
            for (int i = 0; i < row.getArity(); i++) {
                fields.add(text(row.getField(i)));
            }
            return row.getKind().shortString() + "[" + String.join(", ", fields) + "]";
        }
        if (value.getClass().isArray()) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                items.add(text(Array.get(value, i)));
            }
            return "[" + String.join(", ", items) + "]";
        }
        if (value instanceof Map) { /* a HashMap: its order says nothing */
            List<String> items = new ArrayList<>();
            ((Map<?, ?>) value).forEach((k, v) -> items.add(text(k) + "=" + text(v)));
            Collections.sort(items);
            return "{" + String.join(", ", items) + "}";
        }
        return value instanceof BigDecimal ? ((BigDecimal) value).toPlainString() : value.toString();
    }

    private static String reason(Throwable e) {
        while (e.getCause() != null) {
            e = e.getCause();
        }
        String text = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        return e.getClass().getSimpleName() + ": " + (text.length() > 160 ? text.substring(0, 160) : text).strip();
    }
}
