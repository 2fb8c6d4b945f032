import { HEAD_BYTES, type Layout } from './availability-layout.ts';

/** Where a practitioner's row is. */
export type Place = { readonly block: Block; readonly span: Span };

/** `packed` is the block's number as the script that reads many rows takes it, `wire` the beginning of a GETRANGE of it. */
export type Block = { readonly key: string; readonly packed: string; readonly wire: string };

/** A row's bytes in its block; `first` and `last` as text, `packed` the two as that script takes them, `wire` as GETRANGE does. */
export type Span = {
  readonly offset: number;
  readonly first: string;
  readonly last: string;
  readonly packed: string;
  readonly wire: string;
};

export type Places = {
  /** Throws RangeError for what cannot be an ordinal. */
  of(ordinal: number): Place;
  /** Block, first and last byte of each, in MessagePack. */
  pack(ordinals: readonly number[]): Buffer;
};

/** Writing numbers out is what asking for a row costs most, so each is written once: there are few. */
export function createPlaces({ keyPrefix, rowsPerBlock, rowBytes }: Layout): Places {
  const blocks: Block[] = [];
  const spans: Span[] = [];

  function of(ordinal: number): Place {
    if (!Number.isSafeInteger(ordinal) || ordinal < 0) throw new RangeError(`${ordinal} is no ordinal`);
    const position = ordinal % rowsPerBlock;
    const number = (ordinal - position) / rowsPerBlock;
    const block = (blocks[number] ??= blockAt(keyPrefix, number));
    const span = (spans[position] ??= spanAt(HEAD_BYTES + position * rowBytes, rowBytes));
    return { block, span };
  }

  return {
    of,
    pack(ordinals) {
      const parts = ordinals.map((ordinal) => {
        const { block, span } = of(ordinal);
        return block.packed + span.packed;
      });
      return Buffer.from(packedLength(3 * parts.length) + parts.join(''), 'latin1');
    },
  };
}

function blockAt(keyPrefix: string, number: number): Block {
  const key = keyPrefix + number;
  return { key, packed: packedText(String(number)), wire: `*4\r\n${bulk('getrange')}${bulk(key)}` };
}

function spanAt(offset: number, rowBytes: number): Span {
  const [first, last] = [String(offset), String(offset + rowBytes - 1)];
  return { offset, first, last, packed: packedText(first) + packedText(last), wire: bulk(first) + bulk(last) };
}

/** A string of ASCII in Redis' protocol. */
function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** A MessagePack string of less than 32 characters. */
function packedText(text: string): string {
  return String.fromCharCode(0xa0 + text.length) + text;
}

/** The head of a MessagePack array. */
function packedLength(length: number): string {
  return String.fromCharCode(0xdd, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
}
