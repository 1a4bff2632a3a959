-- Add an entry to an address, or take entries away. Answers {1 if anything changed, the entries taken away as JSON}.
-- KEYS bucket buckets count audit
-- ARGV field sealed_address action('add'|'remove') entry scopes sources bucket_name audit_line('' for none)
--      moment: for 'remove' up_to_ms ('' for any: only entries that are not younger are taken away),
--      for 'add' 'latest' where an entry that stands already takes the later moment of the two, else ''
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local doc = stored and cjson.decode(stored) or {e = ARGV[2], x = {}}
local kept, taken = {}, {}
if ARGV[3] == 'add' then
  local entry = cjson.decode(ARGV[4])
  for _, old in ipairs(doc.x) do
    if old.scope == entry.scope and old.source == entry.source then
      if ARGV[9] == 'latest' and entry.at > old.at then
        old.at = entry.at
        redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(doc))
      end
      return {0, '[]'}
    end
    kept[#kept + 1] = old
  end
  kept[#kept + 1] = entry
else
  for _, old in ipairs(doc.x) do
    local in_scope = ARGV[5] == '' or string.find(ARGV[5], ' ' .. old.scope .. ' ', 1, true)
    local by_source = ARGV[6] == '' or string.find(ARGV[6], ' ' .. old.source .. ' ', 1, true)
    local old_enough = ARGV[9] == '' or old.at <= tonumber(ARGV[9])
    if in_scope and by_source and old_enough then taken[#taken + 1] = old else kept[#kept + 1] = old end
  end
  if #taken == 0 then return {0, '[]'} end
end
if #kept == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('DECR', KEYS[3])
  if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[7]) end
else
  doc.x = kept
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(doc))
  if not stored then
    redis.call('INCR', KEYS[3])
    redis.call('ZADD', KEYS[2], 0, ARGV[7])
  end
end
local gone = #taken > 0 and cjson.encode(taken) or '[]'
if ARGV[8] ~= '' then
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 100000, '*', 'line', ARGV[8], 'taken', gone)
end
return {1, gone}
