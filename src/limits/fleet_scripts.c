/*
 * fleet_scripts: what the server runs. The names of all keys are handed in, as clusters and access
 * lists want; the time is the server's; what a script writes is all or nothing.
 *
 * In a charge's script a window is an array: thirteen slots, slot n at n % 13 + 1, and behind them
 * the number of the newest (limits/window.h). What was told of a limit, and its pace
 * (limits/pace.h), is another: until when CHARGE_NEAR is not told again, CHARGE_FULL, and when all
 * is paid off in milliseconds and nanoseconds, since doubles do not hold both. Addresses are
 * members of a sorted set, by the microsecond of their last use: no two runs have the same.
 * Recipients that failed, which count also with a message that does not go, are the fields that
 * begin with "5." (enum limit_count); an operation of which only these count is known as "F".
 */
#include "limits/fleet_private.h"

/* clang-format off */

#define WINDOWS \
    "local MAX = 281474976710655\n" \
    "local T = redis.call('TIME')\n" \
    "local us = T[1] * 1000000 + T[2]\n" \
    "local now = math.floor(us / 1000)\n" \
    "local function window(packed)\n" \
    "  if packed then return cmsgpack.unpack(packed) end\n" \
    "  return {0,0,0,0,0,0,0,0,0,0,0,0,0, 0}\n" \
    "end\n" \
    "local function advance(w, slot)\n" \
    "  local newest = w[14]\n" \
    "  if slot <= newest then return end\n" \
    "  if slot - newest >= 13 then\n" \
    "    for i = 1, 13 do w[i] = 0 end\n" \
    "  else\n" \
    "    for n = newest + 1, slot do w[n % 13 + 1] = 0 end\n" \
    "  end\n" \
    "  w[14] = slot\n" \
    "end\n" \
    "local function total(w)\n" \
    "  local sum = 0\n" \
    "  for i = 1, 13 do sum = sum + w[i] end\n" \
    "  return math.min(sum, MAX)\n" \
    "end\n" \
    "local function put(w, slot, amount)\n" \
    "  if slot <= w[14] and w[14] - slot < 13 then\n" \
    "    local i = slot % 13 + 1\n" \
    "    w[i] = math.max(0, math.min(MAX, w[i] + amount))\n" \
    "  end\n" \
    "end\n" \
    "local function text(number)\n" \
    "  return string.format('%.0f', number)\n" \
    "end\n" \
    "local function keep(key, ms)\n" \
    "  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms)) end\n" \
    "end\n"

const char *const fleet_script_texts[FLEET_SCRIPT_COUNT] = {
    /* Charges, tries, gives back, or merges ("force"): ARGV is which of these, the operation,
     * and the numbers of fleet_pack.c. */
    [FLEET_CHARGE] =
    WINDOWS
    "local mode, operation, a = ARGV[1], ARGV[2], cmsgpack.unpack(ARGV[3])\n"
    "local at = 0\n"
    "local function take() at = at + 1 return a[at] end\n"
    "local has_id, operation_s, id_s, age, at_us = take() == 1, take(), take(), take(), take()\n"
    "local is_charge = mode == 'charge' or mode == 'force'\n"
    "local is_again, was, is_noted = false, false, false\n"
    "if mode ~= 'try' then\n"
    "  was = redis.call('GET', KEYS[1])\n"
    "  if was == 'F' then was, is_noted = false, true end\n"
    "  if was and is_charge then return mode == 'force' and 'K' or was end\n"
    "end\n"
    "if has_id then\n"
    "  local first = redis.call('GET', KEYS[2])\n"
    "  local by, since, times = string.match(first or '', '^(%x+) (%d+) (%d+)$')\n"
    "  if by == operation then\n"
    "    was = was or 'D ' .. since\n"
    "    if is_charge then return mode == 'force' and 'K' or was end\n"
    "  elseif by and (tonumber(times) < 20 or mode == 'back') then\n"
    "    is_again = true\n"
    "    if mode == 'charge' then\n"
    "      first = by .. ' ' .. since .. ' ' .. (times + 1)\n"
    "      redis.call('SET', KEYS[2], first, 'PX', math.max(1, redis.call('PTTL', KEYS[2])))\n"
    "    end\n"
    "  end\n"
    "end\n"
    "if mode == 'force' and is_again then return 'K' end\n"
    "if mode == 'back' then\n"
    "  if was and string.sub(was, 1, 1) == 'G' then return 'G' end\n"
    "  redis.call('SET', KEYS[1], 'G', 'EX', operation_s)\n"
    "  at_us = was and tonumber(string.match(was, '^D (%d+)')) or at_us\n"
    "  if at_us == 0 then return 'N' end\n"
    "  if has_id and not is_again then redis.call('DEL', KEYS[2]) end\n"
    "else\n"
    "  at_us = us - age * 1000\n"
    "end\n"
    "local fresh = mode == 'back' and was and string.match(was, '|(.*)$') or ''\n"
    "local fresh_at, seen = 0, {}\n"
    "local cells = {}\n"
    "for i = 1, take() do\n"
    "  local key = KEYS[2 + i]\n"
    "  local mine, fields = {}, {}\n"
    "  for j = 1, take() do\n"
    "    local c = { key = key, field = take(), slot_ms = take(), per = take(), amount = take() }\n"
    "    local set, prints = take(), take()\n"
    "    c.is_failed = string.sub(c.field, 1, 2) == '5.'\n"
    "    if c.is_failed and is_noted then c.amount = 0 end\n"
    "    if set > 0 then\n"
    "      c.set, c.prints = KEYS[set], prints\n"
    "    end\n"
    "    mine[j], fields[j] = c, c.field\n"
    "    cells[#cells + 1] = c\n"
    "  end\n"
    "  if #mine > 0 then\n"
    "    local found = redis.call('HMGET', key, unpack(fields))\n"
    "    for j, c in ipairs(mine) do\n"
    "      local slot = math.floor(now / c.slot_ms)\n"
    "      if c.set then\n"
    "        c.us = math.max(us, (tonumber(found[j]) or 0) + 1)\n"
    "        c.newest = math.floor(math.floor(c.us / 1000) / c.slot_ms)\n"
    "        c.from = (c.newest - 12) * c.slot_ms * 1000\n"
    "        c.used = redis.call('ZCOUNT', c.set, text(c.from), '+inf')\n"
    "        c.members, c.scores, c.amount = {}, {}, 0\n"
    "        for k = 1, #c.prints, 8 do\n"
    "          local member = string.sub(c.prints, k, k + 7)\n"
    "          local score = tonumber(redis.call('ZSCORE', c.set, member) or -1)\n"
    "          c.members[#c.members + 1] = member\n"
    "          c.scores[#c.members] = score\n"
    "          if score < c.from then c.amount = c.amount + 1 end\n"
    "        end\n"
    "      else\n"
    "        c.w = window(found[j])\n"
    "        advance(c.w, slot)\n"
    "        c.used = total(c.w)\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "local lines = {}\n"
    "for i = 1, take() do\n"
    "  local l = { cell = cells[take()], max = take(), strict = take() == 1 }\n"
    "  l.weigh, l.part, l.burst, l.field = take(), take(), take(), take()\n"
    "  if l.cell.is_failed and is_noted then l.part = 0 end\n"
    "  lines[i] = l\n"
    "end\n"
    "local extras = {}\n"
    "local function extra(l)\n"
    "  local name = l.field .. ' ' .. l.cell.key\n"
    "  if not extras[name] then\n"
    "    local found = redis.call('HGET', l.cell.key, l.field)\n"
    "    extras[name] = found and cmsgpack.unpack(found) or {0, 0, 0, 0}\n"
    "  end\n"
    "  return extras[name]\n"
    "end\n"
    "local function store(l, e)\n"
    "  redis.call('HSET', l.cell.key, l.field, cmsgpack.pack(e))\n"
    "  keep(l.cell.key, l.cell.per + l.cell.slot_ms + 1000)\n"
    "end\n"
    "local function pay(l, e, begin_us)\n"
    "  local ms, rest = math.floor(begin_us / 1000), 0\n"
    "  if e[3] > ms or (e[3] == ms and e[4] > 0) then ms, rest = e[3], e[4] end\n"
    "  rest = rest + l.weigh\n"
    "  ms, rest = ms + math.floor(rest / 1000000), rest % 1000000\n"
    "  local most = math.max(l.burst, l.cell.per * 1000000)\n"
    "  local last, part = now + math.floor(most / 1000000), most % 1000000\n"
    "  if ms > last or (ms == last and rest > part) then ms, rest = last, part end\n"
    "  e[3], e[4] = ms, rest\n"
    "end\n"
    "if mode == 'back' then\n"
    "  for _, c in ipairs(cells) do\n"
    "    if c.set then\n"
    "      for k, member in ipairs(c.members) do\n"
    "        fresh_at = fresh_at + 1\n"
    "        if string.sub(fresh, fresh_at, fresh_at) == '1' and c.scores[k] == at_us then\n"
    "          redis.call('ZREM', c.set, member)\n"
    "        end\n"
    "      end\n"
    "    elseif c.amount > 0 then\n"
    "      put(c.w, math.floor(math.floor(at_us / 1000) / c.slot_ms), -c.amount)\n"
    "      redis.call('HSET', c.key, c.field, cmsgpack.pack(c.w))\n"
    "      keep(c.key, c.per + c.slot_ms + 1000)\n"
    "    end\n"
    "  end\n"
    "  for _, l in ipairs(lines) do\n"
    "    local e = l.burst > 0 and extra(l) or {0, 0, 0, 0}\n"
    "    if e[3] > 0 and not seen[e] then\n"
    "      seen[e] = true\n"
    "      local rest = e[4] - l.weigh\n"
    "      e[3] = math.max(0, e[3] + math.floor(rest / 1000000))\n"
    "      e[4] = rest % 1000000\n"
    "      store(l, e)\n"
    "    end\n"
    "  end\n"
    "  return 'B'\n"
    "end\n"
    "local function fits_in(l)\n"
    "  local c, left, amount, max = l.cell, l.cell.used, l.cell.amount, l.max\n"
    "  if max == 0 or (amount == 0 and not c.is_failed) then return 0 end\n"
    "  if c.set then\n"
    "    if c.used + amount <= max then return 0 end\n"
    "    if #c.members > max then return -1 end\n"
    "    for n = c.newest - 12, c.newest do\n"
    "      local from = (n + 1) * c.slot_ms * 1000\n"
    "      local after = redis.call('ZCOUNT', c.set, text(from), '+inf')\n"
    "      for _, score in ipairs(c.scores) do\n"
    "        if score < from then after = after + 1 end\n"
    "      end\n"
    "      if after <= max then return math.max(0, (n + 13) * c.slot_ms - now) end\n"
    "    end\n"
    "    return math.max(0, (c.newest + 13) * c.slot_ms - now)\n"
    "  end\n"
    "  if amount > max then return c.is_failed and c.per or -1 end\n"
    "  if left <= max - amount then return 0 end\n"
    "  local newest = c.w[14]\n"
    "  local n = math.max(0, newest - 12)\n"
    "  while n < newest and left > max - amount do\n"
    "    left = math.max(0, left - c.w[n % 13 + 1])\n"
    "    n = n + 1\n"
    "  end\n"
    "  local last = left > max - amount and newest or n - 1\n"
    "  return math.max(0, (last + 13) * c.slot_ms - now)\n"
    "end\n"
    "local function paced_in(l)\n"
    "  if l.burst == 0 or l.max == 0 then return 0 end\n"
    "  if l.cell.amount == 0 and not l.cell.is_failed then return 0 end\n"
    "  local e = extra(l)\n"
    "  local owed = math.max(0, (e[3] - now) * 1000000 + e[4])\n"
    "  return math.max(0, math.ceil((owed + l.part - l.burst) / 1000000))\n"
    "end\n"
    "local is_exceeded = false\n"
    "if mode ~= 'force' then\n"
    "  for _, l in ipairs(lines) do\n"
    "    local ms = fits_in(l)\n"
    "    l.fits = ms < 0 and -1 or math.max(ms, paced_in(l))\n"
    "    if l.fits ~= 0 and l.strict then is_exceeded = true end\n"
    "  end\n"
    "end\n"
    "local function reached(l)\n"
    "  local c = l.cell\n"
    "  if mode ~= 'charge' or is_again or l.max == 0 then return 0 end\n"
    "  local level = 0\n"
    "  local counts = c.amount > 0 and (c.is_failed or not is_exceeded)\n"
    "  if is_exceeded and l.strict and l.fits ~= 0 then\n"
    "    level = 2\n"
    "  elseif not counts then\n"
    "    level = 0\n"
    "  elseif c.used + c.amount >= l.max then\n"
    "    level = 2\n"
    "  elseif (c.used + c.amount) * 5 >= l.max * 4 then\n"
    "    level = 1\n"
    "  end\n"
    "  if level == 0 then return 0 end\n"
    "  local e = extra(l)\n"
    "  if now < e[level] then return 0 end\n"
    "  for i = 1, level do e[i] = now + c.per end\n"
    "  store(l, e)\n"
    "  return level\n"
    "end\n"
    "local answer = is_again and 'A' or is_exceeded and 'X' or 'D'\n"
    "local out = { answer .. ' ' .. text(at_us) }\n"
    "if mode ~= 'force' then\n"
    "  for i, l in ipairs(lines) do\n"
    "    local fits = l.fits < 0 and '-' or text(l.fits)\n"
    "    out[i + 1] = text(l.cell.used) .. ':' .. fits .. ':' .. reached(l)\n"
    "  end\n"
    "end\n"
    "if mode == 'try' or is_again then return table.concat(out, ' ') end\n"
    "local bits = {}\n"
    "local function add_addresses(c)\n"
    "  redis.call('ZREMRANGEBYSCORE', c.set, '-inf', '(' .. text(c.from))\n"
    "  local add = {}\n"
    "  local room = 65536 - c.used\n"
    "  local score = age > 0 and at_us or c.us\n"
    "  for k, member in ipairs(c.members) do\n"
    "    local is_new = c.scores[k] < c.from\n"
    "    bits[#bits + 1] = is_new and '1' or '0'\n"
    "    if is_new then room = room - 1 end\n"
    "    if c.scores[k] < score and score >= c.from and not (is_new and room < 0) then\n"
    "      add[#add + 1] = text(score)\n"
    "      add[#add + 1] = member\n"
    "    end\n"
    "    if #add == 1000 or (k == #c.members and #add > 0) then\n"
    "      redis.call('ZADD', c.set, unpack(add))\n"
    "      add = {}\n"
    "    end\n"
    "  end\n"
    "  redis.call('HSET', c.key, c.field, text(c.us))\n"
    "  keep(c.set, c.per + c.slot_ms + 1000)\n"
    "  keep(c.key, c.per + c.slot_ms + 1000)\n"
    "end\n"
    "local function add(c)\n"
    "  if c.set then return add_addresses(c) end\n"
    "  if c.amount == 0 then return end\n"
    "  local slot = c.w[14]\n"
    "  if age > 0 then\n"
    "    slot = math.min(slot, math.floor(math.floor(at_us / 1000) / c.slot_ms))\n"
    "  end\n"
    "  put(c.w, slot, c.amount)\n"
    "  redis.call('HSET', c.key, c.field, cmsgpack.pack(c.w))\n"
    "  keep(c.key, c.per + c.slot_ms + 1000)\n"
    "end\n"
    "local function owe(l)\n"
    "  local e = l.burst > 0 and l.max > 0 and l.cell.amount > 0 and extra(l)\n"
    "  if e and not seen[e] then\n"
    "    seen[e] = true\n"
    "    pay(l, e, at_us)\n"
    "    store(l, e)\n"
    "  end\n"
    "end\n"
    /* What the mail server refused happened, whatever becomes of the message. */
    "for _, c in ipairs(cells) do\n"
    "  if c.is_failed or not is_exceeded then add(c) end\n"
    "end\n"
    "for _, l in ipairs(lines) do\n"
    "  if l.cell.is_failed or not is_exceeded then owe(l) end\n"
    "end\n"
    "if is_exceeded then\n"
    "  local w = window(redis.call('HGET', KEYS[3], 'a'))\n"
    "  advance(w, math.floor(now / 300000))\n"
    "  put(w, w[14], 1)\n"
    "  redis.call('HSET', KEYS[3], 'a', cmsgpack.pack(w))\n"
    "  keep(KEYS[3], 3901000)\n"
    "  for _, c in ipairs(cells) do\n"
    "    if c.is_failed and c.amount > 0 then\n"
    "      redis.call('SET', KEYS[1], 'F', 'EX', operation_s)\n"
    "    end\n"
    "  end\n"
    "  return table.concat(out, ' ')\n"
    "end\n"
    "local verdict = table.concat(out, ' ')\n"
    "if #bits > 0 then verdict = verdict .. '|' .. table.concat(bits) end\n"
    "redis.call('SET', KEYS[1], verdict, 'EX', operation_s)\n"
    "if has_id then\n"
    "  local first = operation .. ' ' .. text(at_us) .. ' 0'\n"
    "  redis.call('SET', KEYS[2], first, 'EX', id_s)\n"
    "end\n"
    "return verdict\n",

    /* Every meter of an account and what was used of it; that of a set is empty. */
    [FLEET_USES] =
    WINDOWS
    "local out, found = {}, redis.call('HGETALL', KEYS[1])\n"
    "for i = 1, #found, 2 do\n"
    "  local field, value = found[i], found[i + 1]\n"
    "  local per = field == 'a' and '3600' or string.match(field, '^%d+%.%d+%.(%d+)$')\n"
    "  if per then\n"
    "    out[#out + 1] = field\n"
    "    if string.sub(field, 1, 2) == '3.' then\n"
    "      out[#out + 1] = ''\n"
    "    else\n"
    "      local w = window(value)\n"
    "      advance(w, math.floor(now / math.ceil(per * 1000 / 12)))\n"
    "      out[#out + 1] = text(total(w))\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return out\n",

    /* How many addresses there are in each set; ARGV: the seconds of its window. */
    [FLEET_SETS] =
    WINDOWS
    "local out = {}\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local slot_ms = math.ceil(ARGV[i] * 1000 / 12)\n"
    "  local from = (math.floor(now / slot_ms) - 12) * slot_ms * 1000\n"
    "  out[i] = redis.call('ZCOUNT', key, text(from), '+inf')\n"
    "end\n"
    "return out\n",

    /* Forgets a meter, or all where it is empty. */
    [FLEET_RESET] =
    "local field = ARGV[1]\n"
    "if field == '' then return redis.call('DEL', unpack(KEYS)) end\n"
    "for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do\n"
    "  if name == field or string.sub(name, 1, #field + 3) == 'x:' .. field .. ':' then\n"
    "    redis.call('HDEL', KEYS[1], name)\n"
    "  end\n"
    "end\n"
    "if KEYS[2] then redis.call('DEL', KEYS[2]) end\n"
    "return 1\n",

    /* Puts a record, and takes away some whose time is over. */
    [FLEET_PUT] =
    "local key, value, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])\n"
    "local is_offer, epoch = ARGV[4] == '1', ARGV[5]\n"
    "local seconds = tonumber(redis.call('TIME')[1])\n"
    "local old = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', seconds, 'LIMIT', 0, 100)\n"
    "for _, gone in ipairs(old) do\n"
    "  redis.call('HDEL', KEYS[2], gone)\n"
    "  redis.call('ZREM', KEYS[3], gone)\n"
    "  redis.call('ZREM', KEYS[4], gone)\n"
    "end\n"
    "if is_offer and redis.call('HEXISTS', KEYS[2], key) == 1 then return 0 end\n"
    "redis.call('HSETNX', KEYS[1], 'epoch', epoch)\n"
    "local version = redis.call('HINCRBY', KEYS[1], 'version', 1)\n"
    "local till = ttl > 0 and seconds + ttl or 0\n"
    "redis.call('HSET', KEYS[2], key, string.format('%.0f', till) .. ' ' .. value)\n"
    "redis.call('ZADD', KEYS[3], version, key)\n"
    "if till > 0 then\n"
    "  redis.call('ZADD', KEYS[4], till, key)\n"
    "else\n"
    "  redis.call('ZREM', KEYS[4], key)\n"
    "end\n"
    "return 1\n",

    [FLEET_GET] =
    "local found = redis.call('HGET', KEYS[1], ARGV[1])\n"
    "if not found then return false end\n"
    "local till, value = string.match(found, '^(%d+) (.*)$')\n"
    "if till ~= '0' and tonumber(till) <= tonumber(redis.call('TIME')[1]) then return false end\n"
    "return value\n",

    /* Epoch, then key, version and value of what changed. */
    [FLEET_WALK] =
    "local since, epoch, limit = ARGV[1], ARGV[2], ARGV[3]\n"
    "local is = redis.call('HGET', KEYS[1], 'epoch') or '0'\n"
    "local top = redis.call('HGET', KEYS[1], 'version') or '0'\n"
    "if epoch ~= '0' and (is ~= epoch or tonumber(top) < tonumber(since)) then\n"
    "  return {'again'}\n"
    "end\n"
    "local out = {is}\n"
    "local seconds = tonumber(redis.call('TIME')[1])\n"
    "local keys = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. since, '+inf',\n"
    "                        'WITHSCORES', 'LIMIT', 0, limit)\n"
    "for i = 1, #keys, 2 do\n"
    "  local found = redis.call('HGET', KEYS[2], keys[i]) or ''\n"
    "  local till, value = string.match(found, '^(%d+) (.*)$')\n"
    "  if not till or (till ~= '0' and tonumber(till) <= seconds) then value = '-' end\n"
    "  out[#out + 1] = keys[i]\n"
    "  out[#out + 1] = keys[i + 1]\n"
    "  out[#out + 1] = value\n"
    "end\n"
    "return out\n",

    /* Takes a lease, keeps it, or with no time gives it up. */
    [FLEET_LEASE] =
    "local node, ttl = ARGV[1], ARGV[2]\n"
    "local holder = redis.call('GET', KEYS[1])\n"
    "if holder and holder ~= node then return 0 end\n"
    "if ttl == '0' then\n"
    "  redis.call('DEL', KEYS[1])\n"
    "else\n"
    "  redis.call('SET', KEYS[1], node, 'PX', ttl)\n"
    "end\n"
    "return 1\n",
};
