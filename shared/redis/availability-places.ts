import { placeOf, type Layout } from './availability-layout.ts';

/** Packs, for the script that reads many rows, block, first and last byte of each: as text, in MessagePack. */
export type PackPlaces = (ordinals: readonly number[]) => Buffer;

const ARRAY_32 = 0xdd;
const FIXED_STRING = 0xa0;
const FIELDS = 3;

/** What places are made of is little and comes again and again: it is written out once. */
export function createPackPlaces(layout: Layout): PackPlaces {
  const blocks = new Map<number, string>();
  const spans = new Map<number, string>();
  return (ordinals) => {
    const parts = ordinals.map((ordinal) => {
      const { block, offset } = placeOf(layout, ordinal);
      const span = remembered(spans, offset, () => packedText(offset) + packedText(offset + layout.rowBytes - 1));
      return remembered(blocks, block, () => packedText(block)) + span;
    });
    return Buffer.from(packedCount(ordinals.length * FIELDS) + parts.join(''), 'latin1');
  };
}

function remembered(known: Map<number, string>, of: number, write: () => string): string {
  const found = known.get(of);
  if (found !== undefined) return found;
  const written = write();
  known.set(of, written);
  return written;
}

function packedText(value: number): string {
  const text = String(value);
  return String.fromCharCode(FIXED_STRING + text.length) + text;
}

function packedCount(count: number): string {
  return String.fromCharCode(ARRAY_32, (count >>> 24) & 255, (count >>> 16) & 255, (count >>> 8) & 255, count & 255);
}
