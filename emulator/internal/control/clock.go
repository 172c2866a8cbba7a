package control

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Clock is the one clock that everything that expires goes by.
type Clock interface {
	Now() time.Time
	Offset() time.Duration
	Advance(d time.Duration)
	Reset()
}

// maxAdvance is how far the clock can be away from the real time: years have four digits, durations 292 years.
const maxAdvance = 100 * 365 * 24 * time.Hour

func (a *api) readClock(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"now": a.Clock.Now().UTC().Format(time.RFC3339Nano), "offset": inSeconds(a.Clock.Offset())})
}

// inSeconds is a duration as the control API writes it: 301s.
func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

func (a *api) setClock(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Advance string `json:"advance"`
		Reset   bool   `json:"reset"`
	}
	if !read(w, r, &asked) {
		return
	}
	if asked.Reset == (asked.Advance != "") {
		fail(w, http.StatusBadRequest, `want {"advance": "301s"} or {"reset": true}`)
		return
	}
	if asked.Reset {
		a.Clock.Reset()
		a.readClock(w, r)
		return
	}
	by, err := time.ParseDuration(asked.Advance)
	if err != nil {
		fail(w, http.StatusBadRequest, fmt.Sprintf("advance %q is no duration such as 301s, 5m or -1h30m", asked.Advance))
		return
	}
	if to := a.Clock.Offset() + by; by.Abs() > maxAdvance || to.Abs() > maxAdvance {
		fail(w, http.StatusBadRequest, "the clock cannot be further than 100 years from the real time")
		return
	}
	a.Clock.Advance(by)
	a.readClock(w, r)
}
