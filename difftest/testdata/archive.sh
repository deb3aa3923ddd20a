# Archives of a tree with files of every kind, and what finds them again.
mkdir -p tree/a/b
seq 500 >tree/a/numbers
: >tree/empty
ln -s a/numbers tree/link
ln tree/a/numbers tree/a/b/hard
mkfifo tree/fifo
dd if=/dev/zero of=tree/sparse bs=1 count=1 seek=100000 status=none
touch -d '2001-02-03 04:05:06 UTC' tree/a/numbers tree/empty
tar -cf t.tar --sort=name --sparse tree
gzip -9n t.tar
tar -tvf t.tar.gz | wc -l
mkdir out
tar -xf t.tar.gz -C out --touch
gzip -dc t.tar.gz | tail -c 1 | od -c
find out -type f -size +1k -exec cksum {} +
find out -depth -name 'n*' -print0 | xargs -0 -n 1 basename
find out -type l -delete
seq 6 | xargs -n 2 echo
cmp tree/sparse out/tree/sparse
rm -r out tree
