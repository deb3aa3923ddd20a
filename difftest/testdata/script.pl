# Files, directories, processes, sockets and signals from perl.
use strict;
use warnings;
use Socket;
use Fcntl qw(:DEFAULT :flock);

open(my $out, '>', 'lines') or die;
print $out "line $_\n" for 1 .. 200;
flock($out, LOCK_EX);
close $out;
open(my $in, '<', 'lines') or die;
seek($in, 100, 0);
my @rest = <$in>;
close $in;
truncate('lines', 50);
chmod 0600, 'lines';
utime 1000000000, 1000000001, 'lines';
mkdir 'd';
symlink 'lines', 'd/s';
rename 'lines', 'd/lines';
print join(' ', map { -l "d/$_" ? "$_ is a link" : $_ } sort glob('d/*')), "\n";
print scalar(@rest), " ", (stat 'd/lines')[7], "\n";

socketpair(my $x, my $y, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
syswrite $x, "over a socket";
sysread $y, my $got, 100;
shutdown($x, 1);
print "$got\n";
socket(my $u, PF_INET, SOCK_DGRAM, 0) or die;
setsockopt($u, SOL_SOCKET, SO_REUSEADDR, 1);
connect($u, sockaddr_in(9, inet_aton('127.0.0.1')));

local $SIG{USR1} = sub { print "caught $_[0]\n" };
kill 'USR1', $$;
my $echo = `echo from a shell`;
print $echo;
my $pid = fork;
exit 7 unless $pid;
waitpid $pid, 0;
print $? >> 8, "\n";
