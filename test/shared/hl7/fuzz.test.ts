import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toBundle } from '../../../shared/fhir/diagnostic-report.ts';
import { writeAcknowledgment } from '../../../shared/hl7/acknowledgment.ts';
import { escape, unescape } from '../../../shared/hl7/escapes.ts';
import { type ReadMessage, readMessages } from '../../../shared/hl7/read-messages.ts';
import { fixtureBytes, fixtureNames, paris } from './fixtures.ts';

const fixtures = fixtureNames().map((name) => fixtureBytes(name));
const anyFixture = fc.constantFrom(...fixtures);
const standard = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };

/** Parsed, and then FHIR can say it; or refused with at least one fault that says where. */
function mustBeHandled(bytes: Uint8Array): void {
  const read = readMessages(bytes, paris);
  expect(read.length).toBeGreaterThan(0);
  for (const each of read) mustBeWhole(each);
}

function mustBeWhole(read: ReadMessage): void {
  if (read.outcome === 'parsed') {
    const { reports } = read.message;
    const placed = reports.map((report, index) => ({
      report,
      id: String(index),
      patientId: 'p',
      observationIds: report.observations.map((_, of) => `${index}-${of}`),
    }));
    expect(() => JSON.stringify(toBundle('searchset', placed))).not.toThrow();
    return;
  }
  expect(read.faults.length).toBeGreaterThan(0);
  for (const { place, code } of read.faults) {
    expect(place?.segment).toMatch(/^[A-Z0-9]{3}$/);
    expect(code).toMatch(/^\d{3}$/);
  }
  const at = Temporal.Instant.fromEpochMilliseconds(0);
  const acknowledgment = { header: read.header, code: 'AE', faults: read.faults, controlId: 'A', at } as const;
  expect(writeAcknowledgment(acknowledgment)).toMatch(/^MSH/);
}

describe('whatever comes', () => {
  it('is parsed or refused with a place, where it is cut off anywhere', () => {
    fc.assert(
      fc.property(anyFixture, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, part) =>
        mustBeHandled(bytes.subarray(0, Math.floor(bytes.length * part))),
      ),
      { numRuns: 400 },
    );
  });

  it('is parsed or refused with a place, where bytes are changed, left out or doubled', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat(6),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom('|', '^', '~', '\\', '&', '\r', '\n', '\r\nOBX|', '\v', '\u001C', '""').map(Buffer.from),
      ),
    });
    fc.assert(
      fc.property(anyFixture, fc.array(change, { minLength: 1, maxLength: 8 }), (bytes, changes) => {
        const mutated = changes.reduce<Buffer>((before, { at, length, put }) => {
          const from = Math.floor(before.length * at);
          return Buffer.concat([before.subarray(0, from), put, before.subarray(from + length)]);
        }, bytes);
        mustBeHandled(mutated);
      }),
      { numRuns: 600 },
    );
  });

  it('is parsed or refused with a place, where it is no message at all', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), mustBeHandled), { numRuns: 300 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => mustBeHandled(Buffer.from(`MSH${text}`))),
      { numRuns: 300 },
    );
  });

  it('says the same however often it is read', () => {
    fc.assert(
      fc.property(anyFixture, (bytes) => {
        const [first, again] = [readMessages(bytes, paris), readMessages(Buffer.from(bytes), paris)];
        expect(again).toEqual(first);
        for (const { text, outcome } of first)
          if (text !== '') expect(readMessages(Buffer.from(text), paris)[0]?.outcome).toBe(outcome);
      }),
      { numRuns: 100 },
    );
  });
});

describe('text', () => {
  it('comes back from its escapes as it went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unescape(escape(text, standard), standard)).toBe(text);
      }),
    );
  });
});
