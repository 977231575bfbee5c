#!/usr/bin/perl
# A double of Proxmox VE's pct for the shell of a laboratory's node. What it tells of containers and what it does to them
# is the stand-in's; `exec` goes into the real container.
use strict;
use warnings;
use IO::Socket::INET;

my ($host, $port, $lxc, $node) = qw(@HOST@ @PORT@ @LXC@ @NODE@);

my ($verb, @rest) = @ARGV;
die "ERROR: no command specified\n" if !defined $verb;

if ($verb eq 'exec') {
    my $vmid = shift @rest;
    shift @rest while @rest && $rest[0] ne '--';
    shift @rest;
    die "400 not enough arguments\n" if !defined $vmid || $vmid !~ /^\d+$/ || !@rest;
    my ($status, $text) = lab("status/$vmid");
    if ($status != 200) { print STDERR $text; exit 2; }
    if ($text !~ /running/) { print STDERR "container '$vmid' not running!\n"; exit 255; }
    # The laboratory's own processes live outside of the node's root.
    exec 'chroot', '/proc/@PID@/root', 'lxc-attach', '-P', $lxc, '-n', $vmid, '--keep-env', '--', @rest;
    exit 127;
}

my ($status, $text) = lab(join '/', $verb, grep { !/^-/ } @rest);
if ($status == 200) { print $text; exit 0; }
print STDERR $text;
exit 2;

sub lab {
    my ($path) = @_;
    my $lab = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp')
        or die "the laboratory is not reached: $!\n";
    print {$lab} "POST /_lab/pct/$node/$path HTTP/1.0\r\nHost: lab\r\nContent-Length: 0\r\n\r\n";
    $lab->flush();
    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$lab>, 2;
    my ($code) = $head =~ m{^HTTP/\S+ (\d+)};
    return ($code, $body // '');
}
