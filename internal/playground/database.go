package playground

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// The account that clients write rows with. It exists in the playground only.
const (
	dbUser     = "rehearsal"
	dbPassword = "rehearsal"
	dbName     = "rehearsal"
)

// firstSQL makes account and table.
const firstSQL = `CREATE DATABASE ` + dbName + `;
USE ` + dbName + `;
CREATE TABLE line (id BIGINT PRIMARY KEY, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB;
FLUSH PRIVILEGES;
CREATE USER '` + dbUser + `'@'%' IDENTIFIED BY '` + dbPassword + `';
GRANT ALL ON ` + dbName + `.* TO '` + dbUser + `'@'%';
`

// hasDatabase tells whether MariaDB is installed on this machine.
func hasDatabase() bool {
	for _, p := range []string{"mariadbd", "mariadb-install-db"} {
		if _, err := exec.LookPath(p); err != nil {
			return false
		}
	}
	return true
}

// makeDatabase puts a fresh database on the shared storage; this takes seconds.
func makeDatabase(b base) error {
	data := b.path("san", "mysql")
	if err := os.MkdirAll(b.path("san"), 0o755); err != nil {
		return err
	}
	if out, err := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+data, "--user=mysql",
		"--skip-test-db", "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M").CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w: %s", err, lastLines(out))
	}
	boot := exec.Command("mariadbd", "--no-defaults", "--bootstrap", "--datadir="+data, "--user=mysql", "--innodb-log-file-size=16M")
	boot.Stdin = strings.NewReader("USE mysql;\n" + firstSQL)
	if out, err := boot.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadbd --bootstrap: %w: %s", err, lastLines(out))
	}
	return owned(data)
}

// owned gives everything below a directory to mysql: root's tools may have left files.
func owned(dir string) error {
	if out, err := exec.Command("chown", "-R", "mysql:mysql", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("chown %s: %s", dir, out)
	}
	return nil
}

// lastLines is the end of a program's output, where it says what went wrong.
func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
