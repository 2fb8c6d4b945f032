import { createRequire } from 'node:module';

import type tlvModule from 'hap-controller/lib/model/tlv.js';
import type clientModule from 'hap-controller/lib/transport/ip/http-client.js';
import type connectionModule from 'hap-controller/lib/transport/ip/http-connection.js';

// The package's parts for IP, one by one: its index loads Bluetooth as well. They are CommonJS with a `default` of their
// own, which loaders read in more than one way; `require` reads them in one.
const require = createRequire(import.meta.url);
const client: typeof clientModule = require('hap-controller/lib/transport/ip/http-client.js');
const connection: typeof connectionModule = require('hap-controller/lib/transport/ip/http-connection.js');

/** A controller of an accessory. */
export const HttpClient = client.default;
/** One connection to an accessory, for a single exchange. */
export const HttpConnection = connection.default;
/** Type, length, value: what pairing is spoken in. */
export const tlv: typeof tlvModule = require('hap-controller/lib/model/tlv.js');
