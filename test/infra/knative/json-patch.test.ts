import { describe, expect, it } from 'vitest';
import { applyJsonPatch } from '../../../infra/local/knative/json-patch.ts';

describe('a JSON Patch', () => {
  it.each([
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['replaces a member by adding it', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
    ['inserts into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['removes an item', { a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
    ['replaces an item', { a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 9 }], { a: [9, 2] }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: [] }], []],
    ['moves', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    ['copies', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    ['reads escaped names', { 'a/b': { '~c': 1 } }, [{ op: 'remove', path: '/a~1b/~0c' }], { 'a/b': {} }],
    ['goes on after a test that holds', { a: [1] }, [{ op: 'test', path: '/a', value: [1] }], { a: [1] }],
    ['sets null', { a: 1 }, [{ op: 'replace', path: '/a', value: null }], { a: null }],
  ])('%s', (_, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  it('leaves the document as it was', () => {
    const document = { a: [1] };
    applyJsonPatch(document, [{ op: 'add', path: '/a/-', value: 2 }]);
    expect(document).toEqual({ a: [1] });
  });

  it.each([
    ['a missing member', [{ op: 'remove', path: '/b' }]],
    ['a member of a missing parent', [{ op: 'add', path: '/b/c', value: 1 }]],
    ['a replacement of nothing', [{ op: 'replace', path: '/b', value: 1 }]],
    ['a place past the end of a list', [{ op: 'add', path: '/list/3', value: 1 }]],
    ['a place with leading zeros', [{ op: 'add', path: '/list/01', value: 1 }]],
    ['a test that does not hold', [{ op: 'test', path: '/a', value: 2 }]],
    ['an unknown operation', [{ op: 'swap', path: '/a' }]],
    ['an addition without a value', [{ op: 'add', path: '/a' }]],
    ['a move from nowhere', [{ op: 'move', path: '/a' }]],
    ['a path that is no pointer', [{ op: 'remove', path: 'a' }]],
    ['a member of a number', [{ op: 'add', path: '/a/b', value: 1 }]],
    ['something that is no operation', ['remove']],
  ])('refuses %s', (_, patch) => {
    expect(() => applyJsonPatch({ a: 1, list: [1, 2] }, patch)).toThrow('JSON Patch');
  });
});
