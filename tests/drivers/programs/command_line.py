"""``python command_line.py mysql|mariadb COMMAND...``: a command-line client does the trials that it can.

What it prints is compared line by line, errors between the rows.
"""

import re
import signal
import subprocess
import sys

from playing import HOW, MATERIAL, play, short

FLAVOUR, COMMAND = sys.argv[1], sys.argv[2:]
LOGIN = [f"--host={HOW['host']}", f"--port={HOW['port']}", f"--user={HOW['user']}", f"--password={HOW['password']}"]
ALWAYS = ["--default-character-set=utf8mb4", "--max-allowed-packet=64M", "--force", "--unbuffered"]
VERIFIED = {
    "mysql": ["--ssl-mode=VERIFY_CA", f"--ssl-ca={HOW['ca']}"],
    "mariadb": ["--ssl", "--ssl-verify-server-cert", f"--ssl-ca={HOW['ca']}"],
}
COMPRESSED = {
    "mysql": [["--compression-algorithms=zlib"], ["--compression-algorithms=zstd"]],
    "mariadb": [["--compress"]],
}
# Of `status`: what neither names the connection nor counts.
STATUS = re.compile(r"^(Current database|Current user|Using delimiter|Protocol version|Server|\w+\s+characterset):")


def command(*options):
    return [*COMMAND, *LOGIN, *ALWAYS, *options, HOW["database"]]


def lines(printed):
    decoded = printed.decode(errors="backslashreplace").split("\n")
    return [short(line) for line in decoded if "Using a password" not in line]


def said(text, *options):
    """All that a client says to a text."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    shown = lines(subprocess.run(command(*options), input=text.encode(), timeout=60, **pipes).stdout)
    if "unknown option" in shown[0] or "unknown variable" in shown[0]:
        raise RuntimeError(shown[0])
    return shown


class Session:
    """A client at work: ``send`` gives it a text, ``heard`` tells what it has said to that."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command("--batch"), **pipes)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=60)

    def send(self, text):
        """With a question behind it, for the end of its answer."""
        self.count += 1
        self.process.stdin.write(f"{text}\nSELECT 'end {self.count}' AS t;\n".encode())
        self.process.stdin.flush()

    def heard(self):
        seen, end = b"", f"\nend {self.count}\n".encode()
        while not seen.endswith(end):
            more = self.process.stdout.readline()
            if not more:
                raise RuntimeError(f"the client ended with {self.process.wait()} after {seen}")
            seen += more
        return lines(seen)

    def say(self, text):
        self.send(text)
        return self.heard()


def script(statements):
    return ";\n".join(statements) + ";\n"


class Trials:
    def types(self):
        inserted = script(["DELETE FROM types", *MATERIAL["types"]])
        return said(
            inserted + script([MATERIAL["computed"], MATERIAL["select_types"]]), "--table", "--column-type-info"
        )

    def nulls(self):
        text = "SELECT NULL, COALESCE(NULL, 'none'); SELECT * FROM types WHERE id = 3;"
        return [said(text, form) for form in ("--batch", "--table", "--xml", "--html", "--vertical")]

    def unicode(self):
        texts = [text.replace("\0", "\\0") for text in MATERIAL["unicode"]]
        rows = ", ".join(f"('{text}', {number})" for number, text in enumerate(texts))
        inserted = f"DELETE FROM texts; INSERT INTO texts (t, `ключ`) VALUES {rows};"
        shown = "SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id;"
        return said(f"{inserted}\n{shown}", "--table")

    def blobs(self):
        seen = said("DELETE FROM blobs;")
        # Hexadecimal, half of it makes a statement of more than one packet.
        for number, size in enumerate([*MATERIAL["blob_sizes"][:-1], MATERIAL["blob_sizes"][-1] // 2]):
            data = (bytes(range(256)) * (size // 256 + 1))[:size]
            text = f"INSERT INTO blobs VALUES ({number}, x'{data.hex()}');\n"
            text += f"SELECT LENGTH(b), SHA2(b, 256), b FROM blobs WHERE id = {number};"
            seen += said(text, "--batch", "--raw", "--binary-as-hex=0")
        return seen + said(f"SELECT REPEAT('x', {MATERIAL['blob_sizes'][-1]});")

    def transactions(self):
        with Session() as client, Session() as other:
            count, insert = "SELECT COUNT(*) FROM notes WHERE t = 'tx';", "INSERT INTO notes (t) VALUES ('tx');"
            seen = [client.say("DELETE FROM notes;")]
            for end in ("ROLLBACK", "COMMIT"):
                seen += [client.say("BEGIN;" + insert), other.say(count), client.say(f"{end};"), other.say(count)]
            seen.append(client.say(f"BEGIN; SAVEPOINT s; {insert} ROLLBACK TO s; COMMIT;"))
            seen.append(client.say(f"SET TRANSACTION READ ONLY; BEGIN; {insert} ROLLBACK;"))
            return [*seen, other.say(count)]

    def warnings(self):
        shown = said(script(MATERIAL["warnings"]), "--show-warnings", "-vvv")
        return [line for line in shown if " sec)" not in line]

    def errors(self):
        return said(script(MATERIAL["errors"]))

    def results(self):
        procedures = "CALL two_results(5);\nSET @b = 40;\nCALL out_parameters(2, @b, @c);\nSELECT @b, @c;\n"
        several = "delimiter //\nSELECT 1; SET @m = 2; SELECT @m, 'x' //\ndelimiter ;\nSELECT @m + 1;\n"
        return said(procedures + several)

    def cursors(self):
        return said(MATERIAL["many"] + ";", "--quick")

    def session(self):
        text = script(["SELECT @first, @@character_set_client", *MATERIAL["session"]])
        text += "resetconnection\n" if FLAVOUR == "mysql" else ""
        text += "SELECT @mine, @@sql_mode;\nuse information_schema\nSELECT DATABASE(), @@version_comment;\n"
        text += f"use {HOW['database']}\ncharset latin1\nSELECT @@character_set_client, 'x';\n"
        about = [line for line in said("status\n") if STATUS.match(line)]
        return about + said(text, "--init-command=SET @first = 'ü'")

    def cancel(self):
        """Ctrl-C: the client opens another connection and says KILL QUERY."""
        with Session() as client:
            seen = client.say("INSERT IGNORE INTO types (id) VALUES (3); SELECT 'begun';")
            client.send(MATERIAL["sleep"] + ";")
            asleep = "STATE = 'User sleep' AND INFO LIKE '%SLEEP(60) = 0%'"
            with Session() as other:
                while other.say(f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE {asleep};")[1] != "1":
                    pass
            client.process.send_signal(signal.SIGINT)
            return [*seen, *client.heard(), *client.say("SELECT 'still here';")]

    def tls(self):
        encrypted = any("Cipher in use" in line for line in said("status\n", *VERIFIED[FLAVOUR]))
        return [encrypted, said(MATERIAL["select_types"] + ";", *VERIFIED[FLAVOUR])]

    def compression(self):
        return [said(script([MATERIAL["many"], MATERIAL["select_types"]]), *options) for options in COMPRESSED[FLAVOUR]]


if __name__ == "__main__":
    version = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    play(re.search(r"\d+\.\d+\.\d+", version)[0], Trials())
