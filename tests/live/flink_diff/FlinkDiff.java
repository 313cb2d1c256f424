import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Evaluates the expressions of golden files in Flink: type and text of each, as tests/sql/sql_test.c wants them. */
public class FlinkDiff {
    private static final int AT_ONCE = 40;
    private static TableEnvironment flink;

    public static void main(String[] files) throws Exception {
        flink = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        flink.getConfig().set("table.local-time-zone", "UTC");
        flink.getConfig().set("parallelism.default", "1");
        for (String file : files) {
            List<String> expressions = new ArrayList<>();
            for (String line : Files.readAllLines(Path.of(file))) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    expressions.add(line.split("\t")[0]);
                }
            }
            for (int i = 0; i < expressions.size(); i += AT_ONCE) {
                evaluate(expressions.subList(i, Math.min(i + AT_ONCE, expressions.size())));
            }
        }
        System.exit(0);
    }

    /** All in one query; when one fails, each half by itself. */
    private static void evaluate(List<String> expressions) {
        try {
            List<String> texts = new ArrayList<>();
            for (String x : expressions) {
                texts.add("CAST(" + x + " AS STRING)");
            }
            var types = flink.sqlQuery("SELECT " + String.join(", ", expressions)).getResolvedSchema().getColumnDataTypes();
            TableResult result = flink.executeSql("SELECT " + String.join(", ", texts));
            Row row = null;
            try (CloseableIterator<Row> rows = result.collect()) {
                while (rows.hasNext()) {
                    row = rows.next();
                }
            }
            for (int i = 0; i < expressions.size(); i++) {
                say(expressions.get(i), types.get(i).toString(), row.getField(i) == null ? "NULL" : row.getField(i).toString());
            }
        } catch (Throwable e) {
            int half = expressions.size() / 2;
            if (half == 0) {
                say(expressions.get(0), "ERROR", reason(e));
            } else {
                evaluate(expressions.subList(0, half));
                evaluate(expressions.subList(half, expressions.size()));
            }
        }
    }

    private static void say(String expression, String type, String text) {
        System.out.println(expression + "\t" + type + "\t" + text.replace("\n", "\\n").replace("\t", "\\t"));
        System.out.flush();
    }

    private static String reason(Throwable e) {
        while (e.getCause() != null) {
            e = e.getCause();
        }
        String text = String.valueOf(e.getMessage());
        return e.getClass().getSimpleName() + ": " + (text.length() > 200 ? text.substring(0, 200) : text);
    }
}
