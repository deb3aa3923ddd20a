# Coreutils on files of every kind.
mkdir -p d/e && cd d
printf 'one\ntwo\nthree\n' >f
cp -p f g && mv g h && ln h i && ln -s f s && ls -la --color=always --time-style=full-iso
cat f - </dev/null | tee t | head -n 1 | tail -c 3
stat f s && stat -f / >/dev/null
touch -d '2001-02-03 04:05:06 UTC' f
chmod 640 f && chmod u+s,g-r h
dd if=f of=z bs=4 count=2 conv=fsync,notrunc status=none
truncate -s 100 z
mkfifo p
rm -rf e i && rmdir nothing 2>/dev/null
sort -u f t | uniq | wc
sha256sum f | cut -c 1-8
od -c f | sed -n 1p
find . -name '[fh]' -newer s -printf '%p %m\n'
du -s . >/dev/null
df . >/dev/null
id >/dev/null
date -d @0 +%s
env -i A=1 env
nice -n 1 true
timeout 5 true
mknod fifo p
readlink -f s
realpath .
seq 3 | xargs -n 1 echo
comm -12 f f
split -l 1 f part.
sync z
uname -a >/dev/null
tty
nproc >/dev/null
