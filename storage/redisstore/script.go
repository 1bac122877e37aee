package redisstore

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// script reads what came since the caller last read, and appends.
//
// Redis runs it as one step. What it does, in order: look whether the journal is
// the one that the caller knows; collect the records that the caller does not
// know, up to 1,000 or 4 MB; if those were all, and the operation was not done
// already, and nothing came between that it minds, write its records and count
// them. So a caller who has read everything acts on exactly what is there, and
// learns in one trip where its records are and what stands before them.
//
//	KEYS  the counter, the number of our last operation, whose turn it is
//	ARGV  prefix of records, our handle, number of this operation, number of the
//	      last record read, its SHA-1, what the records rest on (oplog.Need: "0"
//	      for nothing, "1" for the queue, "2" for who holds what too), the room,
//	      whether a turn is asked for ("1" or "0"), and the records to append,
//	      maybe none
//
// It answers with a word, a number, and the records from the one after the
// caller's last:
//
//	read       nothing was to be written; the number is that of the last record
//	written    the number is that of the last record before ours
//	done       the operation had been written before
//	disturbed  not written: what the records rest on is no longer so
//	wait       not written: another handle has its turn
//	behind     not written: there are more records than these
//	hole       not written: the record of that number is missing
//	lost       not written: the journal is not the one that the caller has read
//	foreign    not written: the counter holds no number
//
// A turn ends with the operation that it was for, or by itself after 2 seconds.
// The number of a handle's last operation is kept for an hour, longer than any
// network keeps a message back.
var script = redis.NewScript(strings.NewReplacer("@lease", storage.AttrLease, "@lost", storage.AttrLost).Replace(`
local prefix, handle, op, known, sum = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local needs, room, want, first = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] == '1', 9
local function key(n) return prefix .. string.format('%.0f', n) end

-- taken returns how many places a record may take, as Optuna and hone write it.
-- What looks different takes all; at worst an operation is planned once more.
local all = math.huge
local function taken(r)
	local code = string.match(r, '^{"op_code": ?(%d+),')
	if code == '4' then
		return string.find(r, '"state": ?4[,}]') and all or 1
	elseif code == '6' then
		local state = string.match(r, '"state": ?(%d+)[,}]')
		if state == '0' then return 1 end
		return needs < 2 and (state == '1' or state == '2' or state == '3') and 0 or all
	elseif code == '9' then
		return (string.find(r, '"@lease"', 1, true) or string.find(r, '"@lost"', 1, true)) and 1 or 0
	end
	return (code == '0' or code == '1' or code == '2' or code == '3' or code == '5' or code == '7' or code == '8') and 0 or all
end

local counter = redis.call('GET', KEYS[1]) or '-1'
local last = string.match(counter, '^%-?%d+$') and tonumber(counter)
if not last or last < -1 or last > 9007199254740991 then return {'foreign', 0} end
if last < known then return {'lost', last} end
if known >= 0 then
	local r = redis.call('GET', key(known))
	if not r or redis.sha1hex(r) ~= sum then return {'lost', last} end
end

local out, size = {'read', last}, 0
for n = known + 1, last do
	if n > known + 1000 or size > 4194304 then
		out[1] = 'behind'
		return out
	end
	local r = redis.call('GET', key(n))
	if not r then
		out[1], out[2] = 'hole', n
		return out
	end
	out[#out + 1] = r
	size = size + #r
	if needs > 0 then room = room - taken(r) end
end
if #ARGV < first then return out end

if tonumber(redis.call('GET', KEYS[2]) or '0') >= op then
	out[1] = 'done'
	return out
end
if needs > 0 then
	local turn = redis.call('GET', KEYS[3])
	if turn and turn ~= handle then
		out[1] = 'wait'
		return out
	end
	if room < 0 then
		if want then redis.call('SET', KEYS[3], handle, 'PX', 2000) end
		out[1] = 'disturbed'
		return out
	end
	if turn then redis.call('DEL', KEYS[3]) end
end
if redis.call('EXISTS', key(last + 1)) == 1 then return {'lost', last} end

redis.call('SET', KEYS[2], ARGV[3], 'PX', 3600000)
for i = first, #ARGV do
	redis.call('SET', key(last + 1 + i - first), ARGV[i])
end
redis.call('SET', KEYS[1], string.format('%.0f', last + 1 + #ARGV - first))
out[1] = 'written'
return out
`))

// An answer is what the script returns.
type answer struct {
	word    string
	number  int64
	from    int64 // number of records[0]
	records []string
}

// A request is what the script is to write.
type request struct {
	op      int64
	needs   oplog.Need
	want    bool
	records []string
}

// run calls the script with what is known now.
func (s *Storage) run(ctx context.Context, r request) (answer, error) {
	s.mu.RLock()
	known, last := s.known, s.last
	s.mu.RUnlock()
	sum := sha1.Sum([]byte(last)) // told apart, not secured
	args := make([]any, 0, 8+len(r.records))
	args = append(args, s.prefix, s.handle, r.op, known, hex.EncodeToString(sum[:]), needs(r.needs), r.needs.Room, bit(r.want))
	for _, rec := range r.records {
		args = append(args, rec)
	}
	s.trips.Add(1)
	reply, err := script.Run(ctx, s.client, s.keys, args...).Slice()
	if err != nil {
		return answer{}, explain(err)
	}
	a := answer{from: known + 1}
	if len(reply) < 2 {
		return answer{}, fmt.Errorf("the server's answer has %d parts", len(reply))
	}
	var ok bool
	if a.word, ok = reply[0].(string); !ok {
		return answer{}, fmt.Errorf("the server's answer begins with a %T", reply[0])
	}
	if a.number, ok = reply[1].(int64); !ok {
		return answer{}, fmt.Errorf("the server's answer goes on with a %T", reply[1])
	}
	for _, v := range reply[2:] {
		rec, ok := v.(string)
		if !ok {
			return answer{}, fmt.Errorf("the server's answer holds a %T", v)
		}
		a.records = append(a.records, rec)
	}
	return a, nil
}

func needs(n oplog.Need) int {
	switch {
	case n.Held:
		return 2
	case n.Queue:
		return 1
	}
	return 0
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
