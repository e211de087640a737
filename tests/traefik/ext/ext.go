// Package ext has the names that Traefik 3.7 expects of a module that is nowhere but in its source tree. Nothing is in them.
package ext

type HTTP struct{}

type Router struct{}

type RouterIng struct{}

func (RouterIng) ToRouter() Router { return Router{} }
