import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** As much of JSON as the trials need; Java comes without. Objects are Maps, numbers Longs or Doubles. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) {
        return new Json(text).value();
    }

    private char next() {
        while (Character.isWhitespace(text.charAt(at))) at++;
        return text.charAt(at);
    }

    private Object value() {
        return switch (next()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> word();
        };
    }

    private Map<String, Object> object() {
        var found = new LinkedHashMap<String, Object>();
        for (at++; next() != '}'; skipComma()) {
            next();
            String name = string();
            next();
            at++; // the colon
            found.put(name, value());
        }
        at++;
        return found;
    }

    private List<Object> array() {
        var found = new ArrayList<Object>();
        for (at++; next() != ']'; skipComma()) found.add(value());
        at++;
        return found;
    }

    private void skipComma() {
        if (next() == ',') at++;
    }

    private String string() {
        var found = new StringBuilder();
        for (at++; text.charAt(at) != '"'; at++) {
            char each = text.charAt(at);
            if (each == '\\') each = escaped(text.charAt(++at));
            found.append(each);
        }
        at++;
        return found.toString();
    }

    private char escaped(char letter) {
        if (letter != 'u') return "\b\f\n\r\t".indexOf(letter) < 0 && "bfnrt".indexOf(letter) >= 0
            ? "\b\f\n\r\t".charAt("bfnrt".indexOf(letter)) : letter;
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 3, at + 1), 16);
    }

    private Object word() {
        int start = at;
        while (at < text.length() && ",]} \n".indexOf(text.charAt(at)) < 0) at++;
        String word = text.substring(start, at);
        return switch (word) {
            case "null" -> null;
            case "true" -> true;
            case "false" -> false;
            default -> word.contains(".") ? (Object) Double.valueOf(word) : (Object) Long.valueOf(word);
        };
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            var parts = new ArrayList<String>();
            map.forEach((name, each) -> parts.add(quoted(name.toString()) + ":" + write(each)));
            return "{" + String.join(",", parts) + "}";
        }
        if (value instanceof List<?> list) {
            var parts = new ArrayList<String>();
            list.forEach(each -> parts.add(write(each)));
            return "[" + String.join(",", parts) + "]";
        }
        return value == null || value instanceof Boolean || value instanceof Number ? String.valueOf(value) : quoted(value.toString());
    }

    private static String quoted(String text) {
        var found = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') found.append('\\').append(each);
            else if (each >= ' ' && each < 127) found.append(each);
            else found.append(String.format("\\u%04x", (int) each));
        }
        return found.append('"').toString();
    }
}
