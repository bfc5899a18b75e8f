//! HTTP middleware that needs nothing else: ratelimit, routeralias, routerchecker, uppercase.
