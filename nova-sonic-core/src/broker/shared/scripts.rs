//! The two scripts that Redis runs. Each is one step for every process and machine; times are milliseconds of Redis's
//! own clock.

/// Lets a request in, or says which limit it met: `{verdict, value}`, the value being the breaker's generation or the
/// milliseconds to wait.
pub(super) const ADMIT: &str = r"
local lock, minute, day, address, breaker, total = unpack(KEYS)
local token, lock_ms, per_minute, per_day, per_address, all = unpack(ARGV)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local state = redis.call('HMGET', breaker, 'generation', 'until', 'trial')
local generation, reopens, trial = tonumber(state[1]) or 0, tonumber(state[2]), tonumber(state[3])

local holder = redis.call('GET', lock)
if holder == token then return {0, generation} end  -- asked again because the answer was lost
if reopens and now < reopens then return {6, reopens - now} end
if reopens and trial and now < trial then return {6, 1000} end
if holder then return {1, 1000} end
if tonumber(redis.call('GET', day) or 0) >= tonumber(per_day) then return {2, redis.call('PTTL', day)} end
local windows = {{minute, tonumber(per_minute), 3}, {address, tonumber(per_address), 4}, {total, tonumber(all), 5}}
for _, window in ipairs(windows) do
  local key, limit, verdict = unpack(window)
  -- Each list has the latest times, newest first: the one at the limit's place says when there is room again.
  local oldest = limit > 0 and tonumber(redis.call('LINDEX', key, limit - 1))
  if oldest and now - oldest < 60000 then return {verdict, oldest + 60000 - now} end
end

redis.call('SET', lock, token, 'PX', lock_ms)
if redis.call('INCR', day) == 1 then redis.call('PEXPIRE', day, 86400000) end
for _, window in ipairs(windows) do
  local key, limit = unpack(window)
  if limit > 0 then
    redis.call('LPUSH', key, now)
    redis.call('LTRIM', key, 0, limit - 1)
    redis.call('PEXPIRE', key, 60000)
  end
end
if reopens then redis.call('HSET', breaker, 'trial', now + lock_ms) end
return {0, generation}
";

/// Ends what was let in.
pub(super) const SETTLE: &str = r"
local lock, breaker = unpack(KEYS)
local token, outcome, generation, limit, pause = unpack(ARGV)
if redis.call('GET', lock) == token then redis.call('DEL', lock) end
local state = redis.call('HMGET', breaker, 'generation', 'until', 'failures')
if (tonumber(state[1]) or 0) ~= tonumber(generation) then return 0 end
local open, failures = state[2], state[3]
if outcome == '0' then
  if open then redis.call('HINCRBY', breaker, 'generation', 1) end
  if open or failures then redis.call('HDEL', breaker, 'until', 'trial', 'failures') end
elseif outcome == '1' then
  if open or redis.call('HINCRBY', breaker, 'failures', 1) >= tonumber(limit) then
    local clock = redis.call('TIME')
    redis.call('HSET', breaker, 'until', clock[1] * 1000 + math.floor(clock[2] / 1000) + pause)
    redis.call('HDEL', breaker, 'trial', 'failures')
    redis.call('HINCRBY', breaker, 'generation', 1)
  end
  redis.call('PEXPIRE', breaker, 86400000)
elseif open then
  redis.call('HDEL', breaker, 'trial')
end
return 0
";
