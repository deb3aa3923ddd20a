PRAGMA journal_mode = WAL;
CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT UNIQUE);
BEGIN;
INSERT INTO t (word) VALUES ('one'), ('two'), ('three');
COMMIT;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO t (word) SELECT 'word ' || i FROM n;
SELECT count(*), min(word), max(id) FROM t WHERE word LIKE 'w%';
DELETE FROM t WHERE id % 2;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA journal_mode = DELETE;
UPDATE t SET word = upper(word);
VACUUM;
SELECT word FROM t ORDER BY id DESC LIMIT 3;
