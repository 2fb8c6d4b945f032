import { BlockList } from 'node:net';

/** Loopback, link-local and private addresses: RFC 1122, 3927 and 1918, and for IPv6 RFC 4291 and 4193. */
const near = new BlockList();
near.addSubnet('127.0.0.0', 8);
near.addSubnet('169.254.0.0', 16);
near.addSubnet('10.0.0.0', 8);
near.addSubnet('172.16.0.0', 12);
near.addSubnet('192.168.0.0', 16);
near.addAddress('::1', 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');
near.addSubnet('fc00::', 7, 'ipv6');

/** Whether an address is the cluster's or the machine's own: such a peer says truly for whom it asks. */
export function isNear(address: string): boolean {
  return near.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
