package client

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"mainstay/internal/web"
)

// Watch calls each for everything that happens, after once calling it with an
// event of kind "" as soon as nothing can be missed any more. It returns nil when
// each returns false, and otherwise an error: ctx's, or that the node went away.
func (c *Client) Watch(ctx context.Context, each func(web.Event) bool) error {
	body, err := c.do(ctx, http.MethodGet, "/v1/events", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	kind := ""
	for lines.Scan() {
		switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
		case "event":
			kind = value
		case "data":
			e := web.Event{}
			if kind != "hello" {
				if json.Unmarshal([]byte(value), &e) != nil {
					continue // an event of a newer node
				}
			}
			if !each(e) {
				return nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return ErrNoDaemon
}
