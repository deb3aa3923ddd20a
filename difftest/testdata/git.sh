git init -q -b main repo
cd repo
echo one >a
mkdir d && echo two >d/b
git add .
git commit -q -m 'first'
echo three >>a
git commit -q -a -m 'second'
git log --oneline --stat | cat
git status --short
git diff HEAD~1 -- a | cat
git branch topic
git checkout -q topic
git gc -q
git clone -q . ../clone
git -C ../clone rev-parse HEAD
