import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Disposable } from '../../../src/base/disposable';
import { TextLog } from '../../../src/base/log';
import { watchMachine } from '../../../src/service/machineWatch';
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

describe('the watch over the machine', () => {
  let clock: ManualClock;
  let networks: NodeJS.Dict<NetworkInterfaceInfo[]>;
  let changes: number;
  let wakes: number;
  let lines: string[];
  let watch: Disposable;

  beforeEach(() => {
    clock = new ManualClock();
    networks = { lo: [loopback], wlan0: [ipv4('192.0.2.7')], eth0: [ipv4('198.51.100.2')] };
    [changes, wakes, lines] = [0, 0, []];
    const service = { changedNetwork: () => void changes++, woke: () => void wakes++ };
    const log = new TextLog((_, line) => lines.push(line));
    watch = watchMachine(service, clock, log, () => networks);
  });

  it('says nothing while the addresses stay, in whatever order they are listed, and time goes on', () => {
    networks = { eth0: [ipv4('198.51.100.2')], lo: [loopback], wlan0: [ipv4('192.0.2.7')] };
    clock.advance(600_000);
    assert.deepEqual([changes, wakes, lines], [0, 0, []]);
  });

  it('tells each change of networks once, two seconds later at most', () => {
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

  it('tells once that the machine slept, and logs how long', () => {
    clock.advance(3_000);
    clock.sleep(3_600_000);
    clock.advance(60_000);
    assert.equal(wakes, 1);
    assert.match(lines.join(), /slept, or its clock was set forward, by 3600 s/);
  });

  it('tells of a clock that was set, either way, and of no thread that was held up', () => {
    clock.sleep(9_000);
    clock.advance(2_000);
    clock.set(-3_600_000);
    clock.advance(60_000);
    clock.set(3_600_000);
    clock.advance(60_000);
    assert.equal(wakes, 2);
    assert.match(lines.join(), /set back by 3600 s.*forward, by 3600 s/);
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
