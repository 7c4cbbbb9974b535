"""Services 服务 · publishing what can be ordered (亮单): a service is offered in the whole subtree of the place that
publishes it."""
