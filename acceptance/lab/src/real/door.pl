#!/usr/bin/perl
# The door of a laboratory: sshd runs it in place of each command (ForceCommand). It tells the laboratory what is asked
# for, before and after, and does what the laboratory says.
#
#   lab-door HOST PORT TARGET
use strict;
use warnings;
use IO::Socket::INET;

my ($host, $port, $target) = @ARGV;
my $command = $ENV{SSH_ORIGINAL_COMMAND};
my $shell   = $ENV{SHELL} || '/bin/sh';
my @run     = defined $command ? ($shell, '-c', $command) : ($shell, '-l');

my $lab = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp', Timeout => 3);

# Says a line and does what is answered; without a laboratory everything is let through.
sub ask {
    my ($line) = @_;
    return if !$lab;
    local $SIG{PIPE} = 'IGNORE';
    print {$lab} "$line\n";
    $lab->flush();
    my $answer = <$lab>;
    return if !defined $answer;
    chomp $answer;
    return if $answer eq 'go';
    # The connection is cut: sshd is gone before it can say how the command ended.
    kill 'KILL', getppid() if $answer eq 'drop';
    exit 255;
}

my $asked = defined $command ? $command : '';
# Its beginning says what it does, its end to what.
$asked = substr($asked, 0, 2000) . ' ... ' . substr($asked, -500) if length $asked > 2500;
$asked =~ s/([^ -~]|%)/sprintf '%%%02X', ord $1/ge;
ask(join ' ', 'before', $target, ($ENV{SSH_CONNECTION} || '- - - -'), $asked);

my $child = fork;
die "fork: $!\n" if !defined $child;
if (!$child) {
    close $lab if $lab;
    exec { $run[0] } @run or exit 127;
}
waitpid $child, 0;
my ($status, $signal) = ($? >> 8, $? & 127);
ask("after $status");
kill $signal, $$ if $signal;
exit $status;
