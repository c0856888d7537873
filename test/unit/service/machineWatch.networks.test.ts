import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { watchNetworks } from '../../../src/service/machineWatch';
import type { Disposable } from '../../../src/base/disposable';
import { ManualClock } from '../../support/manualClock';

const loopback = { ...ipv4('127.0.0.1'), internal: true };
const linkLocal: NetworkInterfaceInfo = {
  address: 'fe80::1',
  netmask: 'ffff:ffff:ffff:ffff::',
  cidr: 'fe80::1/64',
  family: 'IPv6',
  mac: '00:00:00:00:00:00',
  internal: false,
  scopeid: 2,
};

describe('watchNetworks', () => {
  let clock: ManualClock;
  let networks: NodeJS.Dict<NetworkInterfaceInfo[]>;
  let changes: number;
  let watch: Disposable;

  beforeEach(() => {
    clock = new ManualClock();
    networks = { lo: [loopback], wlan0: [ipv4('192.0.2.7')], eth0: [ipv4('198.51.100.2')] };
    changes = 0;
    watch = watchNetworks(
      clock,
      () => networks,
      () => changes++,
    );
  });

  it('says nothing while the addresses stay, in whatever order they are listed', () => {
    networks = { eth0: [ipv4('198.51.100.2')], lo: [loopback], wlan0: [ipv4('192.0.2.7')] };
    clock.advance(60_000);
    assert.equal(changes, 0);
  });

  it('tells each change once, two seconds later at most', () => {
    networks = { lo: [loopback], eth0: [ipv4('198.51.100.2')] };
    clock.advance(2_000);
    assert.equal(changes, 1);
    clock.advance(60_000);
    assert.equal(changes, 1);
    networks = { lo: [loopback], tun0: [ipv4('203.0.113.9')], eth0: [ipv4('198.51.100.2')] };
    clock.advance(2_000);
    assert.equal(changes, 2);
  });

  it('takes no notice of addresses that lead nowhere', () => {
    networks = { ...networks, veth1: [linkLocal], br0: [ipv4('169.254.3.4')] };
    clock.advance(2_000);
    assert.equal(changes, 0);
  });

  it('leaves no timer when it is disposed', () => {
    watch.dispose();
    assert.equal(clock.pending, 0);
  });
});

function ipv4(address: string): NetworkInterfaceInfo {
  return {
    address,
    netmask: '255.255.255.0',
    cidr: `${address}/24`,
    family: 'IPv4',
    mac: '00:00:00:00:00:00',
    internal: false,
  };
}
