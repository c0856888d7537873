import assert from 'node:assert/strict';
import { parseGsettings, parseRegistry, parseScutil, systemProxy } from '../../../src/doctor/system';

const registry = (lines: string): string =>
  `\r\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\r\n${lines}\r\n`;

describe('systemProxy', () => {
  it('reads the Internet Settings of Windows', () => {
    const named = registry('    ProxyEnable    REG_DWORD    0x1\r\n    ProxyServer    REG_SZ    proxy:8080');
    assert.deepEqual(parseRegistry(named), { kind: 'proxy', at: 'proxy:8080' });
    assert.equal(parseRegistry(named.replace('0x1', '0x0')), null);
    const script = registry('    AutoConfigURL    REG_SZ    http://wpad/proxy.pac');
    assert.deepEqual(parseRegistry(script), { kind: 'pac', at: 'http://wpad/proxy.pac' });
    assert.equal(parseRegistry(registry('')), null);
  });

  it('reads what macOS prints', () => {
    const named = '<dictionary> {\n  HTTPSEnable : 1\n  HTTPSPort : 8080\n  HTTPSProxy : proxy\n}';
    assert.deepEqual(parseScutil(named), { kind: 'proxy', at: 'proxy:8080' });
    assert.equal(parseScutil(named.replace('HTTPSEnable : 1', 'HTTPSEnable : 0')), null);
    const script = '  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : http://wpad/x.pac\n';
    assert.deepEqual(parseScutil(script), { kind: 'pac', at: 'http://wpad/x.pac' });
    assert.deepEqual(parseScutil('  ProxyAutoDiscoveryEnable : 1\n'), { kind: 'pac', at: '' });
  });

  it('reads the settings of GNOME', () => {
    const lines = (mode: string): string =>
      `org.gnome.system.proxy autoconfig-url 'http://wpad/x.pac'\norg.gnome.system.proxy mode '${mode}'\norg.gnome.system.proxy.https host 'proxy'\norg.gnome.system.proxy.https port 8080\n`;
    assert.deepEqual(parseGsettings(lines('manual')), { kind: 'proxy', at: 'proxy:8080' });
    assert.deepEqual(parseGsettings(lines('auto')), { kind: 'pac', at: 'http://wpad/x.pac' });
    assert.equal(parseGsettings(lines('none')), null);
  });

  it('rejects nowhere, whatever the system can tell', async () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) await systemProxy(platform);
  });
});
