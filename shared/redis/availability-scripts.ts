import type { ClientContext, Redis, Result } from 'ioredis';

declare module 'ioredis' {
  // The driver's own parameter has this name and default; a declaration that merges with it must have them too.
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    availabilityWriteRows(...args: [...WriteArgs, ...WindowArgs, rows: Buffer]): Result<unknown, Context>;
    availabilityFillRows(...args: [...WriteArgs, ...WindowArgs, rows: Buffer]): Result<unknown, Context>;
    availabilityWriteDays(
      ...args: [...WriteArgs, latest: number, days: number, dayBytes: number, ...dated: (number | Buffer)[]]
    ): Result<number, Context>;
    availabilityForget(...args: WriteArgs): Result<unknown, Context>;
    availabilityRowsBuffer(keyPrefix: string, places: Buffer, bytes: number): Result<Buffer, Context>;
  }
}

/** What every script that writes needs: where, and whose rows (`changeText`). */
export type WriteArgs = [key: string, changesKey: string, change: string, offset: number];

/** What a script that writes whole rows has to know of their window and their block. */
export type WindowArgs = [
  windowStart: number,
  ttlSeconds: number,
  days: number,
  dayBytes: number,
  rowBytes: number,
  blockBytes: number,
];

/** Begins every script that writes. The changes are few enough to be cheap, and enough for who asks every few seconds. */
const tellChange = `
local key, offset = KEYS[1], tonumber(ARGV[2])

local function tellChange()
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 512, '*', 'rows', ARGV[1])
  redis.call('EXPIRE', KEYS[2], 86400)
end
`;

/**
 * Makes a block ready for rows of a window. Its first row of a newer window renews it: it lives until that window has ended,
 * and rows whose own window is over become unknown. So a stamp is never old enough to be read as another day's. A block
 * is created at full size, since growing would double it, and also when its windows lie too far away to be compared (a
 * clock was wrong).
 */
const prepareBlock = `
local start, days, dayBytes = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rowBytes, blockBytes = tonumber(ARGV[7]), tonumber(ARGV[8])
local farthest = days + 2

local function createBlock()
  redis.call('DEL', key)
  redis.call('SETRANGE', key, blockBytes - 1, '\\0')
end

local function forgetRowsThatAreOver()
  local block = redis.call('GET', key)
  for offset = 2, blockBytes - 1, rowBytes do
    local stamp = block:byte(offset + 1)
    if stamp ~= 0 and (start - stamp + 1) % 255 > farthest then redis.call('SETRANGE', key, offset, '\\0') end
  end
end

local function prepareBlock()
  local head = redis.call('GETRANGE', key, 0, 1)
  local newest = head ~= '' and head:byte(1) * 256 + head:byte(2)
  if newest and start <= newest and newest - start <= farthest then return end
  if newest and start > newest and start - newest <= farthest then forgetRowsThatAreOver() else createBlock() end
  redis.call('SETRANGE', key, 0, string.char(math.floor(start / 256), start % 256))
  redis.call('EXPIRE', key, ARGV[4])
end
`;

const writeRows = `${tellChange}${prepareBlock}
prepareBlock()
redis.call('SETRANGE', key, offset, ARGV[9])
tellChange()
`;

/** What a row knows stays; of the new row it takes the days it has not, which are those after the end of its own window. */
const fillRows = `${tellChange}${prepareBlock}
prepareBlock()
local rows = ARGV[9]
local known = redis.call('GETRANGE', key, offset, offset + #rows - 1)

local function filled(old, new)
  local stamp = old:byte(1)
  local age = (start - stamp + 1) % 255
  if stamp == 0 or (age >= days and age <= farthest) then return new end
  if age == 0 or age > farthest then return old end
  return new:sub(1, 1) .. old:sub(2 + age * dayBytes) .. new:sub(2 + (days - age) * dayBytes)
end

local merged = {}
for at = 1, #rows, rowBytes do
  merged[#merged + 1] = filled(known:sub(at, at + rowBytes - 1), rows:sub(at, at + rowBytes - 1))
end
redis.call('SETRANGE', key, offset, table.concat(merged))
tellChange()
`;

/** All of the days or, where the row is unknown or does not hold one of them, none. */
const writeDays = `${tellChange}
local latest, days, dayBytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local stamp = redis.call('GETRANGE', key, offset, offset):byte(1) or 0
if stamp == 0 then return 0 end
local start = latest - (latest - stamp + 1) % 255
for dated = 6, #ARGV, 2 do
  local ahead = ARGV[dated] - start
  if ahead < 0 or ahead >= days then return 0 end
end
for dated = 6, #ARGV, 2 do
  redis.call('SETRANGE', key, offset + 1 + (ARGV[dated] - start) * dayBytes, ARGV[dated + 1])
end
tellChange()
return 1
`;

const forget = `${tellChange}
if redis.call('EXISTS', key) == 1 then
  redis.call('SETRANGE', key, offset, '\\0')
  tellChange()
end
`;

/**
 * So many bytes of each row, one after the other; zeros for those without a block. Numbers come as text: to make it of them
 * here would take longer than all the rest.
 */
const rows = `
local places = cmsgpack.unpack(ARGV[1])
local call, prefix = redis.call, KEYS[1]
local blank = string.rep('\\0', tonumber(ARGV[2]))
local found = {}
for at = 1, #places, 3 do
  local row = call('GETRANGE', prefix .. places[at], places[at + 1], places[at + 2])
  found[#found + 1] = row == '' and blank or row
end
return table.concat(found)
`;

/** Gives the connection the commands above; each runs by its digest once the server knows it. */
export function defineAvailabilityCommands(redis: Redis): void {
  redis.defineCommand('availabilityWriteRows', { numberOfKeys: 2, lua: writeRows });
  redis.defineCommand('availabilityFillRows', { numberOfKeys: 2, lua: fillRows });
  redis.defineCommand('availabilityWriteDays', { numberOfKeys: 2, lua: writeDays });
  redis.defineCommand('availabilityForget', { numberOfKeys: 2, lua: forget });
  redis.defineCommand('availabilityRows', { numberOfKeys: 1, lua: rows, readOnly: true });
}
