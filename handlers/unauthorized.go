package handlers

// unauthorized is the error by which an authorizer makes API Gateway answer 401. Only this very text does; any other error
// is a 500 (rest-authorizer 6.1, 6.2). So the client is not told the cause, which is for errors.Is and the log.
type unauthorized struct{ cause error }

func (unauthorized) Error() string { return "Unauthorized" }

func (u unauthorized) Unwrap() error { return u.cause }
