// The page of the API: Swagger UI, which comes from this a6hub and asks no other site.

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null, // else it shows every document to a site of Swagger's
});
